// Routers that nobody is in and nobody takes away: their controller has died, or lost the way here. Each takes a place of a
// meeting that could be served (ledger SFU-8), so they are closed after a while (SFU-9: no ghosts).
import type { RouterBody } from '../../shared/api/handler.ts';
import type { Logger } from '../../shared/base/log.ts';

/** Between two looks, ms. A router that is without a transport at two in a row is unused; a new one has one at once. */
export const LOOK_INTERVAL_MS = 30_000;

export interface UnusedRoutersOptions {
  readonly list: () => Promise<readonly RouterBody[]>;
  /** Closes a router that is still empty; false when somebody has come meanwhile. */
  readonly close: (routerId: string) => Promise<boolean>;
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
    const { list, log } = this.#options;
    try {
      const empty = (await list()).filter(({ transports }) => transports === 0);
      const unused = empty.filter(({ router_id: id }) => this.#emptyBefore.has(id));
      this.#emptyBefore = new Set(empty.map(({ router_id: id }) => id));
      await Promise.all(unused.map((router) => this.#close(router)));
    } catch (error) {
      log.info('Unused routers are looked at again later', { error });
    }
  }

  /** Never rejects: what went meanwhile needs no closing, and what could not be closed is looked at again. */
  async #close({ router_id, meeting_id }: RouterBody): Promise<void> {
    const { close, log } = this.#options;
    try {
      if (await close(router_id)) log.warn('Router closed that nobody uses', { router_id, meeting_id });
    } catch (error) {
      log.info('Unused router was not closed', { router_id, meeting_id, error });
    }
  }
}
