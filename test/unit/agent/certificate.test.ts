import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CERTIFICATE_LIFETIME_MS,
  createCertificate,
  type NodeCertificate,
} from '../../../media-node/agent/certificate.ts';
import { type EpochMs, systemClock } from '../../../shared/base/clock.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z') as EpochMs;
const DAY_MS = 24 * 3_600_000;

describe('node certificate', () => {
  let made: NodeCertificate;
  let parsed: X509Certificate;
  beforeAll(async () => {
    made = await createCertificate(['192.0.2.7', 'media.example.org'], NOW);
    parsed = new X509Certificate(made.certificatePem);
  });

  it('GC-1 is an ECDSA P-256 certificate signed by its own key', () => {
    expect(parsed.publicKey.asymmetricKeyType).toBe('ec');
    expect(parsed.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(made.privateKeyPem))).toBe(true);
    expect(parsed.ca).toBe(false);
  });

  it('GC-1 is valid for less than the 14 days that browsers accept, and valid already for a clock that is behind', () => {
    const from = Date.parse(parsed.validFrom);
    const to = Date.parse(parsed.validTo);
    expect(to - from).toBe(CERTIFICATE_LIFETIME_MS);
    expect(to - from).toBeLessThan(14 * DAY_MS);
    expect(from).toBeLessThan(NOW);
    expect(to).toBeGreaterThan(NOW + 12 * DAY_MS);
    expect(made.notAfter.getTime()).toBe(to);
  });

  it('GC-1 has the SHA-256 of its DER form as its hash', () => {
    expect(made.hash).toBe(createHash('sha256').update(parsed.raw).digest('base64'));
    expect(made.hash).toHaveLength(44);
  });

  it('SFU-7 names localhost and the hosts that the node announces', () => {
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkHost('media.example.org')).toBe('media.example.org');
    expect(parsed.checkIP('192.0.2.7')).toBe('192.0.2.7');
  });

  it('has a positive serial number of at most 20 octets, another for each certificate', async () => {
    const second = new X509Certificate((await createCertificate([], systemClock.epochMs())).certificatePem);
    expect(parsed.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(second.serialNumber).not.toBe(parsed.serialNumber);
  });
});
