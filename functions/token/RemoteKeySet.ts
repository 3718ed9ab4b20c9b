// Public keys of an OIDC issuer (JWK set, RFC 7517), fetched when they are needed and kept (ledger GC-15). Keys rotate
// without a restart: a key that is not known is asked for, though not more often than the cooldown allows, so that tokens
// with made-up key ids cannot make us hammer the issuer. While the issuer is away the last good keys count.
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../shared/api/error.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { SingleFlight } from '../base/SingleFlight.ts';

/** Keys of this age are fetched again. */
export const MAX_AGE_MS = 600_000;
/** Between two fetches, whatever the reason. */
export const COOLDOWN_MS = 30_000;
/** Without any keys there is nothing to lose: tried again sooner. */
export const EMPTY_COOLDOWN_MS = 2_000;
/** Keys that could not be confirmed for so long are not trusted any more: the issuer may have withdrawn them. */
export const LAST_GOOD_MS = 24 * 3_600_000;
const TIMEOUT_MS = 3_000;
/** Large issuers publish about 10 kB. */
const MAX_BYTES = 262_144;
const RETRY_AFTER_SECONDS = 5;

export interface RemoteKeySetOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Keys {
  readonly resolve: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

/** Answers the key of a token; rejects with a JOSE error where there is none, with ApiError (503) where that is not known. */
export function remoteKeySet(options: RemoteKeySetOptions): JWTVerifyGetKey {
  const { url, clock, log } = options;
  const fetching = new SingleFlight<'keys', void>();
  let keys: Keys | undefined;
  let attemptedAtMs = Number.NEGATIVE_INFINITY;

  const age = (): number =>
    keys === undefined ? Number.POSITIVE_INFINITY : clock.epochMs() - keys.fetchedAtMs;

  async function refresh(): Promise<void> {
    const cooldownMs = age() < LAST_GOOD_MS ? COOLDOWN_MS : EMPTY_COOLDOWN_MS;
    // A clock that was set back must not stop the fetching.
    if (Math.abs(clock.epochMs() - attemptedAtMs) < cooldownMs) return void (await fetching.join('keys'));
    await fetching.run('keys', async () => {
      attemptedAtMs = clock.epochMs();
      try {
        keys = { resolve: createLocalJWKSet(await fetchJson(options)), fetchedAtMs: clock.epochMs() };
      } catch (error) {
        log.warn('Keys of an issuer cannot be fetched', { url, error, age_ms: keys && age() });
      }
    });
  }

  return async function keyOf(header, token) {
    if (age() >= MAX_AGE_MS) await refresh();
    const known = keys;
    if (known === undefined || age() >= LAST_GOOD_MS)
      throw new ApiError('INTERNAL_ERROR', 'The issuer of the token cannot be reached: try again shortly', {
        status: 503,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    try {
      return await known.resolve(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      if (keys === undefined || keys === known) throw error;
      return await keys.resolve(header, token);
    }
  };
}

/** @throws whatever goes wrong: no answer in time, another status, too long, not JSON */
async function fetchJson({ url, fetch }: RemoteKeySetOptions) {
  const answer = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status !== 200) throw new Error(`Issuer answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`Key set must have at most ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(await new Blob(chunks as BlobPart[]).text());
}
