import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Certificates } from '../../../media-node/agent/Certificates.ts';
import { CERTIFICATE_LIFETIME_MS, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';

const DAY_MS = 24 * 3_600_000;
let certificates: Certificates;
let shown: NodeCertificate[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.setSystemTime('2026-11-21T10:00:00Z');
  certificates = await Certificates.create({ hosts: ['192.0.2.7'], clock: systemClock, log: silentLogger });
  shown = [];
  certificates.onRotated((current) => shown.push(current));
});
afterEach(() => {
  certificates.stop();
  vi.useRealTimers();
});

const isValidNow = ({ notBefore, notAfter }: NodeCertificate): boolean =>
  notBefore.getTime() < Date.now() && Date.now() < notAfter.getTime();

describe('certificates of a node', () => {
  it('GC-1 announces each certificate long before it is shown, and shows only what is valid', async () => {
    const announced = new Map<string, number>();
    const announce = (): void => {
      for (const hash of certificates.hashes) if (!announced.has(hash)) announced.set(hash, Date.now());
    };
    announce();
    for (let day = 0; day < 60; day++) {
      const before = certificates.current.hash;
      await vi.advanceTimersByTimeAsync(DAY_MS);
      // Keys are made in threads that fake time knows nothing of.
      if (certificates.current.notAfter.getTime() - Date.now() < DAY_MS)
        await vi.waitFor(() => expect(certificates.current.hash).not.toBe(before));
      expect(isValidNow(certificates.current)).toBe(true);
      expect(certificates.hashes).toHaveLength(2);
      expect(certificates.hashes[0]).toBe(certificates.current.hash);
      announce();
      if (certificates.current.hash !== before)
        expect(Date.now() - (announced.get(certificates.current.hash) ?? 0)).toBeGreaterThanOrEqual(
          10 * DAY_MS,
        );
    }
    expect(shown.length).toBeGreaterThanOrEqual(4);
    expect(new Set(shown.map(({ hash }) => hash)).size).toBe(shown.length);
  });

  it('GC-1 makes every one of them valid for less than the 14 days that browsers accept', async () => {
    const { validFrom, validTo } = new X509Certificate(certificates.current.certificatePem);
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(CERTIFICATE_LIFETIME_MS);
    await vi.advanceTimersByTimeAsync(13 * DAY_MS);
    await vi.waitFor(() => expect(shown).toHaveLength(1));
    const next = new X509Certificate(shown[0]?.certificatePem ?? '');
    expect(Date.parse(next.validTo) - Date.parse(next.validFrom)).toBe(CERTIFICATE_LIFETIME_MS);
  });

  it('shows no other one after it was stopped', async () => {
    certificates.stop();
    await vi.advanceTimersByTimeAsync(30 * DAY_MS);
    expect(shown).toEqual([]);
  });
});
