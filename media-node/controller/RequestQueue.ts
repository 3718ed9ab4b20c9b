export interface RequestQueueOptions<Request> {
  /** Requests that may wait behind those being carried out. */
  readonly maxPending: number;
  /** How many of these, at least one, are carried out together; the first is the oldest. */
  readonly batchSize: (pending: readonly Request[]) => number;
  /** Must not reject: a request's failure is its answer. */
  readonly run: (batch: readonly Request[]) => Promise<void>;
}

/** Carries out one participant's requests in the order in which they came, one batch after the other. */
export class RequestQueue<Request> {
  readonly #options: RequestQueueOptions<Request>;
  #pending: Request[] = [];
  #running = false;
  #stopped = false;

  constructor(options: RequestQueueOptions<Request>) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** False when the queue is full. Requests after stop() are dropped. */
  push(request: Request): boolean {
    if (this.#stopped) return true;
    if (this.#pending.length >= this.#options.maxPending) return false;
    this.#pending.push(request);
    if (!this.#running) void this.#work();
    return true;
  }

  /** Drops what waits; what is being carried out goes on by itself. */
  stop(): void {
    this.#stopped = true;
    this.#pending = [];
  }

  async #work(): Promise<void> {
    this.#running = true;
    // What arrives in one go is looked at together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, this.#options.batchSize(this.#pending));
      await this.#options.run(batch);
    }
    this.#running = false;
  }
}
