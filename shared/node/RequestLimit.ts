import { PinnedRequestError } from './PinnedRequestError.ts';

/** Requests at once to one server, and the bounded line of those that wait. */
export class RequestLimit {
  readonly #host: string;
  readonly #maxActive: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  constructor(host: string, maxActive: number, maxWaiting: number) {
    this.#host = host;
    this.#maxActive = maxActive;
    this.#maxWaiting = maxWaiting;
  }

  get unused(): boolean {
    return this.#active === 0 && this.#waiting.size === 0;
  }

  async enter(signal: AbortSignal): Promise<void> {
    if (this.#active < this.#maxActive) {
      this.#active++;
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new PinnedRequestError(
        'overloaded',
        `At most ${this.#maxWaiting} requests may wait for ${this.#host}, and that many do`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise;
    signal.removeEventListener('abort', onAbort);
  }

  /** The place goes to the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
