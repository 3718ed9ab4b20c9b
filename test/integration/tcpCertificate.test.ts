// A media node that takes sessions over TCP: on the ports of its workers, announced, with the certificate that lies in its
// files, also when that is replaced.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../media-node/agent/certificate.ts';
import type { MediaNode } from '../../media-node/agent/MediaNode.ts';
import { DEFAULT_TRANSPORT_LIMITS, type MediaSession } from '../../media-node/transport/MediaSession.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { ENV } from '../../shared/base/env.ts';
import { tcpUrl } from '../../shared/webtransport/sessionUrl.ts';
import { Observed } from '../contract/transport/harness.ts';
import { dialTcp } from '../support/dialTcp.ts';
import { FakeGlobalController } from '../unit/agent/fixtures/FakeGlobalController.ts';
import { LOOPBACK, nodeEnvironment, startNode } from './fixtures/mediaNodes.ts';

let directory = '';
let first: NodeCertificate;
let globalController: FakeGlobalController;
let node: MediaNode;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-tcp-'));
  first = await placeCertificate();
  globalController = new FakeGlobalController();
  const port = await globalController.listen();
  const files = {
    [ENV.tcpCertificateFile]: join(directory, 'certificate.pem'),
    [ENV.tcpPrivateKeyFile]: join(directory, 'key.pem'),
  };
  node = await startNode(nodeEnvironment(port, files), { tcpCertificateReadIntervalMs: 20 });
});

afterAll(async () => {
  await node?.stop('The test is over');
  await globalController?.close();
  await rm(directory, { recursive: true, force: true });
});

async function placeCertificate(): Promise<NodeCertificate> {
  const certificate = await createCertificate([LOOPBACK], systemClock.epochMs());
  await writeFile(join(directory, 'key.pem'), certificate.privateKeyPem);
  await writeFile(join(directory, 'certificate.pem'), certificate.certificatePem);
  return certificate;
}

/** Where a role says that its sessions are. */
function announced(path: string): string {
  const registration = globalController.received.find((received) => received.path === path);
  return tcpUrl(String(registration?.message['webtransport_url'])) ?? '';
}

async function dial(url: string, { hash }: NodeCertificate): Promise<MediaSession> {
  return await dialTcp({
    url: url.replace('wss:', 'https:'),
    certificateHashes: [Buffer.from(hash, 'base64')],
    limits: DEFAULT_TRANSPORT_LIMITS,
  });
}

/** Waits until somebody who trusts this certificate alone gets in. */
async function untilShown(url: string, certificate: NodeCertificate): Promise<void> {
  await expect
    .poll(() => dial(url, certificate).then((session) => session.close(0, '')), { timeout: 20_000 })
    .toBeUndefined();
}

describe('a media node on TCP', () => {
  it('SFU-7 announces TCP on the UDP ports of both roles, and takes sessions there', async () => {
    const ports = node.info.workers.map(({ udpPort }) => udpPort);
    const urls = [announced(gcPaths.meetingControllers), announced(gcPaths.mediaHandlers)];
    expect(urls).toEqual([`wss://${LOOPBACK}:${ports[0]}/signaling`, `wss://${LOOPBACK}:${ports[1]}/media`]);
    for (const url of urls) (await dial(url, first)).close(0, '');
    await expect(dial(`wss://${LOOPBACK}:${ports[1]}/elsewhere`, first)).rejects.toMatchObject({
      name: 'DialError',
      status: 404,
    });
  });

  it('SFU-5 shows the certificate that replaces the one in its files, and drops nobody', async () => {
    const url = announced(gcPaths.meetingControllers);
    const old = new Observed(await dial(url, first));
    const second = await placeCertificate();
    await untilShown(url, second);
    await expect(dial(url, first)).rejects.toMatchObject({ name: 'DialError', status: undefined });
    expect(old.closes).toBe(0);
  });

  it('SFU-9 SFU-5 takes sessions over TCP again once a worker that was killed is replaced, on the same port', async () => {
    const url = announced(gcPaths.mediaHandlers);
    const certificate = await placeCertificate();
    await untilShown(url, certificate);
    const lost = new Observed(await dial(url, certificate));
    const killed = node.info.workers.find(({ role }) => role === 'handler');
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => lost.closes, { timeout: 10_000 }).toBe(1);
    // The one in its place shows the certificate of today, not the one that the node started with.
    await untilShown(url, certificate);
    const inPlace = node.info.workers.find(({ role }) => role === 'handler');
    expect(inPlace).toMatchObject({ udpPort: killed?.udpPort });
    expect(inPlace?.pid).not.toBe(killed?.pid);
  });
});
