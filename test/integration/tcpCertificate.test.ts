// A media node that takes sessions over TCP: on the ports of its workers, announced, with the certificate that lies in its
// files, also when that is replaced.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIST } from '../../infra/build/bundles.ts';
import { createCertificate, type NodeCertificate } from '../../media-node/agent/certificate.ts';
import { readConfig } from '../../media-node/agent/config.ts';
import { MediaNode } from '../../media-node/agent/MediaNode.ts';
import { DEFAULT_TRANSPORT_LIMITS, type MediaSession } from '../../media-node/transport/MediaSession.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { ENV } from '../../shared/base/env.ts';
import { silentLogger } from '../../shared/base/log.ts';
import { tcpUrl } from '../../shared/webtransport/sessionUrl.ts';
import { Observed } from '../contract/transport/harness.ts';
import { dialTcp } from '../support/dialTcp.ts';
import { FakeGlobalController } from '../unit/agent/fixtures/FakeGlobalController.ts';

const LOOPBACK = '127.0.0.1';

let directory = '';
let first: NodeCertificate;
let globalController: FakeGlobalController;
let node: MediaNode;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-tcp-'));
  first = await placeCertificate();
  globalController = new FakeGlobalController();
  const port = await globalController.listen();
  const config = readConfig({
    [ENV.nodeId]: 'node-1',
    [ENV.roles]: 'controller,handler',
    [ENV.region]: 'local',
    [ENV.zone]: 'local-a',
    [ENV.nodeToken]: 'service-token',
    [ENV.globalControllerUrl]: `http://${LOOPBACK}:${port}`,
    [ENV.publicHost]: LOOPBACK,
    [ENV.bindHost]: LOOPBACK,
    [ENV.internalHost]: LOOPBACK,
    [ENV.workers]: '1',
    [ENV.workerDirectory]: DIST.workers,
    [ENV.tcpCertificateFile]: join(directory, 'certificate.pem'),
    [ENV.tcpPrivateKeyFile]: join(directory, 'key.pem'),
  });
  if (!config.ok) throw new Error(config.reason);
  node = await MediaNode.start(config.value, {
    clock: systemClock,
    log: silentLogger,
    writeLogLine: () => undefined,
    tcpCertificateReadIntervalMs: 20,
  });
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
    await expect
      .poll(() => dial(url, second).then((session) => session.close(0, '')), { timeout: 10_000 })
      .toBeUndefined();
    await expect(dial(url, first)).rejects.toMatchObject({ name: 'DialError', status: undefined });
    expect(old.closes).toBe(0);
  });
});
