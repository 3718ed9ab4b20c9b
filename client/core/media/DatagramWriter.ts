// Hands datagrams to the runtime and knows how many it has not yet taken: the only sign of a backed-up sender there is.

/** Media waits above this many datagrams that the runtime has not taken; it takes some more than it has sent (transport.ts). */
export const MAX_IN_FLIGHT = 32;

export class DatagramWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #drained = new Set<() => void>();
  #inFlight = 0;
  #failed = 0;

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter();
    // Failures are counted where a write reports them.
    this.#writer.closed.catch(() => undefined);
  }

  get hasRoom(): boolean {
    return this.#inFlight < MAX_IN_FLIGHT;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Datagrams that the runtime refused. */
  get failed(): number {
    return this.#failed;
  }

  /** Calls back whenever there is room again, until the returned function is called. */
  onRoom(callback: () => void): () => void {
    this.#drained.add(callback);
    return () => this.#drained.delete(callback);
  }

  /** Hands a datagram over, room or not; the buffer is the runtime's from here on. */
  write(datagram: Uint8Array): void {
    this.#inFlight += 1;
    this.#writer.write(datagram).then(this.#settle, this.#fail);
  }

  /** Idempotent, never throws. */
  close(): void {
    this.#drained.clear();
    // Rejects when the session is over, which closes the writer too.
    this.#writer.abort().catch(() => undefined);
  }

  readonly #settle = (): void => {
    this.#inFlight -= 1;
    if (this.#inFlight === MAX_IN_FLIGHT - 1) for (const callback of this.#drained) callback();
  };

  readonly #fail = (): void => {
    this.#failed += 1;
    this.#settle();
  };
}
