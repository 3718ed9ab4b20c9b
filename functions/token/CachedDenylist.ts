import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import { SingleFlight } from '../base/SingleFlight.ts';
import type { Denylist, TokenFacts } from './Denylist.ts';

/** What another process denies is known here after this at the latest. */
export const DENYLIST_CACHE_MS = 5_000;
/** Tokens that are remembered; the oldest goes first. */
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly denied: boolean;
  readonly atMs: number;
}

/** Spares a look-up per request: what was found about a token counts for a few seconds. */
export class CachedDenylist implements Denylist {
  readonly #denylist: Denylist;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();
  readonly #looking = new SingleFlight<string, boolean>();

  constructor(denylist: Denylist, clock: Clock) {
    this.#denylist = denylist;
    this.#clock = clock;
  }

  async denies(token: TokenFacts): Promise<boolean> {
    const key = JSON.stringify([token.orgId, token.subject, token.jti, token.issuedAtSeconds]);
    const nowMs = this.#clock.monotonicMs();
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined && nowMs - remembered.atMs < DENYLIST_CACHE_MS) return remembered.denied;
    const denied = await this.#looking.run(key, () => this.#denylist.denies(token));
    this.#remembered.delete(key);
    this.#remembered.set(key, { denied, atMs: nowMs });
    if (this.#remembered.size > MAX_REMEMBERED)
      for (const [oldest] of this.#remembered) {
        this.#remembered.delete(oldest);
        break;
      }
    return denied;
  }

  async denyToken(orgId: string, jti: string, expiresAtMs: EpochMs): Promise<void> {
    await this.#denylist.denyToken(orgId, jti, expiresAtMs);
    this.#remembered.clear();
  }

  async denySubject(
    orgId: string,
    subject: string,
    untilSeconds: number,
    expiresAtMs: EpochMs,
  ): Promise<void> {
    await this.#denylist.denySubject(orgId, subject, untilSeconds, expiresAtMs);
    this.#remembered.clear();
  }
}
