import { setImmediate as afterTheAnswer } from 'node:timers/promises';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import { SingleFlight } from '../base/SingleFlight.ts';
import type { Denylist, TokenFacts } from './Denylist.ts';

/** What another process denies is known here after this at the latest. */
export const DENYLIST_CACHE_MS = 5_000;
/** From this age on what is known is looked up again, while it still counts: who comes often never waits for that. */
const REFRESH_AFTER_MS = 2_500;
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
  /** Apart from the look-ups that are waited for: Lambda may freeze the process over one, and it fails when that thaws. */
  readonly #refreshing = new SingleFlight<string, void>();

  constructor(denylist: Denylist, clock: Clock) {
    this.#denylist = denylist;
    this.#clock = clock;
  }

  async denies(token: TokenFacts): Promise<boolean> {
    const key = JSON.stringify([token.orgId, token.subject, token.jti, token.issuedAtSeconds]);
    const remembered = this.#remembered.get(key);
    const ageMs = remembered === undefined ? Infinity : this.#clock.monotonicMs() - remembered.atMs;
    if (remembered === undefined || ageMs >= DENYLIST_CACHE_MS)
      return await this.#looking.run(key, () => this.#lookUp(key, token));
    if (ageMs >= REFRESH_AFTER_MS)
      void this.#refreshing.run(key, async () => {
        await afterTheAnswer();
        // What was known counts until it is too old; whoever comes then is told what is wrong.
        await this.#lookUp(key, token).catch(() => undefined);
      });
    return remembered.denied;
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

  async #lookUp(key: string, token: TokenFacts): Promise<boolean> {
    const atMs = this.#clock.monotonicMs();
    const denied = await this.#denylist.denies(token);
    this.#remembered.delete(key);
    this.#remembered.set(key, { denied, atMs });
    if (this.#remembered.size > MAX_REMEMBERED)
      for (const [oldest] of this.#remembered) {
        this.#remembered.delete(oldest);
        break;
      }
    return denied;
  }
}
