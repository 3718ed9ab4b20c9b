// The certificate of a media node (architecture, decision 4): self-signed, ECDSA P-256 and valid for less than 14 days,
// which is what a browser's serverCertificateHashes accepts (W3C WebTransport, "verify a certificate hash").
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { EpochMs } from '../../shared/base/clock.ts';

/** Browsers refuse more than 14 days; clocks that differ by hours must not matter. */
export const CERTIFICATE_LIFETIME_MS = 13 * 24 * 3_600_000;
/** Valid this long before it is first shown, for peers whose clock is behind. Part of the lifetime. */
const BACKDATED_MS = 3_600_000;
/** Of a lifetime that is short: at most this part of it. */
const MAX_BACKDATED_PART = 1 / 4;

export interface NodeCertificate {
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly privateKeyPem: string;
  /** SHA-256 of the DER certificate, base64: what is registered and pinned. */
  readonly hash: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a key pair and its certificate for `hosts` (names or IP addresses; localhost is always added), shown from `from` on. */
export async function createCertificate(
  hosts: readonly string[],
  from: EpochMs,
  lifetimeMs = CERTIFICATE_LIFETIME_MS,
): Promise<NodeCertificate> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const notBefore = from - Math.min(BACKDATED_MS, lifetimeMs * MAX_BACKDATED_PART);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Dark Tower media node',
    notBefore: new Date(notBefore),
    notAfter: new Date(notBefore + lifetimeMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        [...new Set(['localhost', ...hosts])].map((host) => ({
          type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
          value: host,
        })),
      ),
    ],
  });
  const privateKey = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const digest = await crypto.subtle.digest('SHA-256', certificate.rawData);
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: x509.PemConverter.encode(privateKey, x509.PemConverter.PrivateKeyTag),
    hash: Buffer.from(digest).toString('base64'),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  };
}

/** Positive, at most 20 octets (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
