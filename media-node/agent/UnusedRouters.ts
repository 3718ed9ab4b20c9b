// Routers that nobody is in and nobody takes away: their controller has died, or lost the way here. Each takes a place of a
// meeting that could be served (ledger SFU-8), so they are closed after a while (SFU-9: no ghosts).
import type { RouterBody } from '../../shared/api/handler.ts';
import type { Logger } from '../../shared/base/log.ts';

/** Between two looks, ms. A router that is without a transport at two in a row is unused; a new one has one at once. */
export const LOOK_INTERVAL_MS = 30_000;

export interface UnusedRoutersOptions {
  readonly list: () => Promise<readonly RouterBody[]>;
  readonly close: (routerId: string) => Promise<void>;
  readonly log: Logger;
}

export class UnusedRouters {
  readonly #options: UnusedRoutersOptions;
  #emptyBefore: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnusedRoutersOptions) {
    this.#options = options;
  }

  /** Looks on an interval until stop(). */
  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_INTERVAL_MS);
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Closes the routers that are empty and were at the look before. Never rejects. */
  async look(): Promise<void> {
    const { list, close, log } = this.#options;
    try {
      const empty = (await list()).filter(({ transports }) => transports === 0);
      const unused = empty.filter(({ router_id: id }) => this.#emptyBefore.has(id));
      this.#emptyBefore = new Set(empty.map(({ router_id: id }) => id));
      for (const { router_id, meeting_id } of unused) {
        log.warn('Router closed that nobody uses', { router_id, meeting_id });
        await close(router_id);
      }
    } catch (error) {
      // What went meanwhile needs no closing; the rest is looked at again.
      log.info('Unused routers are looked at again later', { error });
    }
  }
}
