import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { TcpCertificate } from '../../../media-node/agent/TcpCertificate.ts';
import type { WorkerCertificate } from '../../../media-node/ipc/protocol.ts';
import { type EpochMs, systemClock } from '../../../shared/base/clock.ts';
import { ENV } from '../../../shared/base/env.ts';
import { createLogger } from '../../../shared/base/log.ts';

let directory = '';
let certificateFile = '';
let privateKeyFile = '';
const lines: string[] = [];
const log = createLogger({ level: 'info', write: (line) => lines.push(line) });

beforeEach(async () => {
  lines.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-certificate-'));
  certificateFile = join(directory, 'certificate.pem');
  privateKeyFile = join(directory, 'key.pem');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function makePair(lifetimeMs?: number, from = systemClock.epochMs()): Promise<NodeCertificate> {
  return await createCertificate(['media.example.org'], from, lifetimeMs);
}

async function place({ certificatePem, privateKeyPem }: WorkerCertificate): Promise<void> {
  await writeFile(certificateFile, certificatePem);
  await writeFile(privateKeyFile, privateKeyPem);
}

function read(readIntervalMs?: number): Promise<TcpCertificate> {
  return TcpCertificate.read({
    certificateFile,
    privateKeyFile,
    clock: systemClock,
    log,
    ...(readIntervalMs === undefined ? {} : { readIntervalMs }),
  });
}

describe('certificate for TCP', () => {
  it('SFU-5 is what the files hold, and what they hold later', async () => {
    const first = await makePair();
    await place(first);
    const certificate = await read(5);
    expect(certificate.current).toEqual({
      certificatePem: first.certificatePem,
      privateKeyPem: first.privateKeyPem,
    });
    const seen: WorkerCertificate[] = [];
    certificate.onReplaced((current) => seen.push(current));
    const second = await makePair();
    await place(second);
    await expect.poll(() => seen.length).toBe(1);
    expect(certificate.current.certificatePem).toBe(second.certificatePem);
    certificate.stop();
  });

  it('keeps the one in use while the files hold something else, and says so', async () => {
    const first = await makePair();
    await place(first);
    const certificate = await read(5);
    await writeFile(certificateFile, 'half a certific');
    await expect.poll(() => lines.some((line) => line.includes('cannot be read again'))).toBe(true);
    expect(certificate.current.certificatePem).toBe(first.certificatePem);
    certificate.stop();
  });

  it('refuses files that are not there, naming the variable', async () => {
    await expect(read()).rejects.toThrow(
      `${ENV.tcpCertificateFile} names ${certificateFile}, which cannot be read: ENOENT`,
    );
    await writeFile(certificateFile, (await makePair()).certificatePem);
    await expect(read()).rejects.toThrow(`${ENV.tcpPrivateKeyFile} names ${privateKeyFile}`);
  });

  it('refuses what is no certificate, the key of another, and one that has ended', async () => {
    const pair = await makePair();
    await place({ ...pair, certificatePem: 'nothing' });
    await expect(read()).rejects.toThrow(`${certificateFile} holds no certificate in PEM form`);
    await place({ ...pair, privateKeyPem: (await makePair()).privateKeyPem });
    await expect(read()).rejects.toThrow(`${privateKeyFile} is not the private key of the certificate`);
    await place(await makePair(1_000, (systemClock.epochMs() - 10_000) as EpochMs));
    await expect(read()).rejects.toThrow('ended on');
  });
});
