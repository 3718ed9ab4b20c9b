// What a session over a network keeps whatever carries it: who handles it, how it ended, and the datagrams that the engine
// below has not taken yet.
import {
  type MediaSession,
  type SessionClose,
  type SessionHandlers,
  StreamClosedError,
  type TransportCounters,
  type TransportLimits,
} from './MediaSession.ts';

export class SessionState {
  readonly maxDatagramsInFlight: number;
  readonly #counters: TransportCounters;
  readonly #closed = Promise.withResolvers<SessionClose>();
  readonly #ended = Promise.withResolvers<void>();
  #close: SessionClose | undefined;
  #handlers: SessionHandlers | undefined;
  #datagramsInFlight = 0;

  constructor({ maxDatagramsInFlight }: TransportLimits, counters: TransportCounters) {
    this.maxDatagramsInFlight = maxDatagramsInFlight;
    this.#counters = counters;
  }

  /** How it ended; undefined while it is open. */
  get close(): SessionClose | undefined {
    return this.#close;
  }

  /** As MediaSession.closed: resolves once its handlers know. */
  get closed(): MediaSession['closed'] {
    return this.#closed.promise;
  }

  /** Resolves when the session is over, whether or not handlers were set. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Undefined before they were set, and once they have been told of the end. */
  get handlers(): SessionHandlers | undefined {
    return this.#handlers;
  }

  get datagramsInFlight(): number {
    return this.#datagramsInFlight;
  }

  /** False when the session is over already: they are told so, and get nothing else. */
  setHandlers(handlers: SessionHandlers): boolean {
    this.#handlers = handlers;
    if (this.#close === undefined) return true;
    this.#announceClose(this.#close);
    return false;
  }

  /** False when the session was over already; else its handlers are told in a moment. */
  end(close: SessionClose): boolean {
    if (this.#close !== undefined) return false;
    this.#close = close;
    this.#ended.resolve();
    queueMicrotask(() => this.#announceClose(close));
    return true;
  }

  /** @throws StreamClosedError when the session is over. */
  assertOpen(): void {
    if (this.#close !== undefined) throw sessionOver(this.#close);
  }

  /** Counts one more datagram as in flight, which is then to be handed to the engine; false when there is no room for it. */
  takeDatagram(): boolean {
    if (this.#datagramsInFlight >= this.maxDatagramsInFlight) return false;
    this.#datagramsInFlight++;
    return true;
  }

  /** The engine has taken so many. */
  datagramsTaken(count: number): void {
    this.#datagramsInFlight -= count;
  }

  /** And so many it never will. */
  datagramsFailed(count: number): void {
    this.#datagramsInFlight -= count;
    this.#counters.datagramsFailed += count;
  }

  /** Hands over a datagram. A fault of the handler is counted, and nobody else's. */
  deliverDatagram(handlers: SessionHandlers, bytes: Uint8Array, at: number): void {
    try {
      handlers.onDatagram(bytes, at);
    } catch {
      this.#counters.handlerFaults++;
    }
  }

  /** Hands over anything else, in the same way; nothing once the session is over. */
  deliver(delivery: () => void): void {
    if (this.#close === undefined) this.#guard(delivery);
  }

  #announceClose(close: SessionClose): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    this.#handlers = undefined;
    this.#guard(() => handlers.onClose(close));
    this.#closed.resolve(close);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch {
      this.#counters.handlerFaults++;
    }
  }
}

/** What a stream fails with when its session has ended like this. */
export function sessionOver({ code, reason }: SessionClose): StreamClosedError {
  return new StreamClosedError(`Session is closed: ${reason}`, code);
}
