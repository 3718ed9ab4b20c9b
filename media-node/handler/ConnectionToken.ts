// Tokens with which a client connects its media session (ledger MC-7): HMAC-SHA256 (RFC 2104) over the transport's id and
// the expiry, with a key that never leaves this worker. The worker that makes a token checks it, so that single use needs no
// shared store: the transport it is bound to remembers that it was used.
//
//   <transport id> ~ <expiry, ms since the epoch> ~ <MAC, base64url>
import { base64url } from 'jose';
import type { Clock } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';

export const CONNECTION_TOKEN_LIFETIME_MS = 300_000;
/** Longer than any token: two ids and numbers of known length. */
const MAX_TOKEN_CHARACTERS = 192;
const SEPARATOR = '~';
/** Keeps this key's MACs apart from those of any other purpose. */
const PURPOSE = 'dark-tower media connection';
const KEY_BYTES = 32;

export type TokenFault = 'malformed' | 'wrongSignature' | 'expired';

export interface IssuedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

export class ConnectionTokens {
  readonly #key: CryptoKey;
  readonly #clock: Clock;

  private constructor(key: CryptoKey, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** Makes a random key that cannot be exported. */
  static async create(clock: Clock): Promise<ConnectionTokens> {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify']);
    return new ConnectionTokens(key, clock);
  }

  async issue(transportId: string): Promise<IssuedToken> {
    const expiresAtMs = this.#clock.epochMs() + CONNECTION_TOKEN_LIFETIME_MS;
    const mac = await crypto.subtle.sign('HMAC', this.#key, macInput(transportId, String(expiresAtMs)));
    const token = [transportId, expiresAtMs, base64url.encode(new Uint8Array(mac))].join(SEPARATOR);
    return { token, expiresAtMs };
  }

  /** The transport that the token is for, or why it is refused. Whether it was used is the transport's to say. */
  async verify(token: string): Promise<Result<string, TokenFault>> {
    const [transportId, expiry, mac, ...rest] =
      token.length > MAX_TOKEN_CHARACTERS ? [] : token.split(SEPARATOR);
    if (transportId === undefined || expiry === undefined || mac === undefined || rest.length > 0)
      return err('malformed');
    const macBytes = decodeMac(mac);
    if (macBytes === undefined) return err('malformed');
    if (!(await crypto.subtle.verify('HMAC', this.#key, macBytes, macInput(transportId, expiry))))
      return err('wrongSignature');
    return this.#clock.epochMs() < Number(expiry) ? ok(transportId) : err('expired');
  }
}

function macInput(transportId: string, expiry: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode([PURPOSE, transportId, expiry].join(SEPARATOR));
}

function decodeMac(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(base64url.decode(text));
  } catch {
    return undefined;
  }
}
