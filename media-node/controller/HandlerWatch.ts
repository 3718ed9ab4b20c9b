// Whether the media handlers in use still answer (ledger SFU-9, GC-11). A handler tells of the workers that it loses, but a
// handler whose own process or machine is gone tells nothing: one of its routers is asked for about once a second.
import { ApiError } from '../../shared/api/error.ts';
import type { Logger } from '../../shared/base/log.ts';
import { isUnanswered, type MediaPlane, type RouterAddress } from './MediaPlane.ts';

/** A handler that has not answered after this has failed one probe, ms. */
const PROBE_TIMEOUT_MS = 1_500;
/** Failed probes in a row that make a handler dead: within 2 s of its process's end, 5 s of a hang. */
const FAILED_PROBES = 2;

export interface HandlerWatchOptions {
  readonly plane: Pick<MediaPlane, 'hasRouter'>;
  readonly routers: () => Iterable<RouterAddress>;
  /** Said once for each time that a handler stops answering. */
  readonly onDead: (handlerId: string, error: unknown) => void;
  readonly log: Logger;
  readonly wait: (ms: number) => Promise<void>;
}

export class HandlerWatch {
  readonly #options: HandlerWatchOptions;
  /** Failed probes in a row of each handler in use. */
  readonly #failures = new Map<string, number>();
  readonly #probing = new Set<string>();

  constructor(options: HandlerWatchOptions) {
    this.#options = options;
  }

  /** Probes every handler in use, unless it is being probed. To be called about once a second. */
  tick(): void {
    const inUse = new Map<string, RouterAddress>();
    for (const router of this.#options.routers()) inUse.set(router.handler.handler_id, router);
    for (const handlerId of this.#failures.keys())
      if (!inUse.has(handlerId)) this.#failures.delete(handlerId);
    for (const [handlerId, router] of inUse)
      if (!this.#probing.has(handlerId)) void this.#probe(handlerId, router);
  }

  async #probe(handlerId: string, router: RouterAddress): Promise<void> {
    this.#probing.add(handlerId);
    try {
      await Promise.race([this.#options.plane.hasRouter(router), this.#timeout(handlerId)]);
      this.#failures.delete(handlerId);
    } catch (error) {
      // Any other answer is an answer; a call that this node did not make says nothing.
      if (isUnanswered(error)) this.#failed(handlerId, error);
      else this.#failures.delete(handlerId);
    } finally {
      this.#probing.delete(handlerId);
    }
  }

  #failed(handlerId: string, error: ApiError): void {
    const failures = (this.#failures.get(handlerId) ?? 0) + 1;
    this.#options.log.warn('Media handler does not answer', { handler_id: handlerId, failures, error });
    if (failures < FAILED_PROBES) {
      this.#failures.set(handlerId, failures);
      return;
    }
    this.#failures.delete(handlerId);
    this.#options.onDead(handlerId, error);
  }

  async #timeout(handlerId: string): Promise<never> {
    await this.#options.wait(PROBE_TIMEOUT_MS);
    throw new ApiError(
      'NO_CAPACITY',
      `Media handler "${handlerId}" did not answer within ${PROBE_TIMEOUT_MS} ms`,
      { details: { reason: 'timeout' } },
    );
  }
}
