// Two ways to the same server, of which the first that is ready becomes the session; the other is closed.
import type { Timers } from '../timers.ts';
import type {
  ClientBidirectionalStream,
  ClientDatagrams,
  ClientTransport,
  TransportCloseInfo,
} from '../transport.ts';

export interface RacingTransportOptions {
  /** May throw: the second is then begun at once. */
  readonly first: () => ClientTransport;
  readonly second: () => Promise<ClientTransport>;
  /** Time until the second is begun, unless the first fails before, ms. */
  readonly headStartMs: number;
  readonly timers: Timers;
  readonly onSecondWon: () => void;
}

/** Streams and datagrams are there once `ready` has resolved. */
export class RacingTransport implements ClientTransport {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<TransportCloseInfo>;
  readonly #options: RacingTransportOptions;
  readonly #attempts = new Set<ClientTransport>();
  readonly #won = Promise.withResolvers<ClientTransport>();
  readonly #over = Promise.withResolvers<TransportCloseInfo>();
  #winner: ClientTransport | undefined;
  #closedWith: TransportCloseInfo | undefined;

  constructor(options: RacingTransportOptions) {
    this.#options = options;
    this.ready = this.#won.promise;
    this.closed = this.#over.promise;
    // Whoever looks at neither has lost nothing.
    this.ready.catch(() => undefined);
    this.closed.catch(() => undefined);
    void this.#race();
  }

  get datagrams(): ClientDatagrams {
    return this.#session.datagrams;
  }

  get incomingUnidirectionalStreams(): ReadableStream<ReadableStream<Uint8Array>> {
    return this.#session.incomingUnidirectionalStreams;
  }

  async createBidirectionalStream(): Promise<ClientBidirectionalStream> {
    return await (await this.#won.promise).createBidirectionalStream();
  }

  async createUnidirectionalStream(): Promise<WritableStream<Uint8Array>> {
    return await (await this.#won.promise).createUnidirectionalStream();
  }

  close(info: TransportCloseInfo = {}): void {
    if (this.#winner !== undefined) {
      this.#winner.close(info);
      return;
    }
    this.#closedWith = info;
    for (const attempt of this.#attempts) attempt.close(info);
    this.#over.resolve(info);
    this.#won.reject(new Error('Session was closed before it was open'));
  }

  get #session(): ClientTransport {
    if (this.#winner === undefined) throw new TypeError('The session is not ready: wait for `ready`');
    return this.#winner;
  }

  async #race(): Promise<void> {
    const { first, second, headStartMs, timers, onSecondWon } = this.#options;
    const quic = this.#attempt(async () => first());
    const { promise: headStartOver, resolve } = Promise.withResolvers<void>();
    const cancel = timers.after(headStartMs, resolve);
    const tcp = Promise.race([headStartOver, quic.catch(() => undefined)]).then(async () => {
      if (this.#winner !== undefined) throw new Error('The other way was first');
      const session = await this.#attempt(second);
      if (this.#winner === session) onSecondWon();
      return session;
    });
    tcp.catch(() => undefined);
    try {
      await Promise.any([quic, tcp]);
    } catch {
      // Why the usual way failed says more than that the other one did.
      const failure: unknown = await quic.catch((error: unknown) => error);
      this.#won.reject(failure);
      this.#over.reject(failure);
    } finally {
      cancel();
    }
  }

  async #attempt(open: () => Promise<ClientTransport>): Promise<ClientTransport> {
    const session = await open();
    this.#attempts.add(session);
    session.closed.catch(() => undefined);
    if (this.#closedWith !== undefined) session.close(this.#closedWith);
    await session.ready;
    if (this.#winner !== undefined) session.close();
    else this.#win(session);
    return session;
  }

  #win(session: ClientTransport): void {
    this.#winner = session;
    session.closed.then(this.#over.resolve, this.#over.reject);
    for (const attempt of this.#attempts) if (attempt !== session) attempt.close();
    this.#won.resolve(session);
  }
}
