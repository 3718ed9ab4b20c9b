// The media of a room over the connections it has one after the other (ledger SFU-9): when the controller names another
// media server, what is published and received carries on there. States: ready, reconnecting, over.
import { CloseCode } from '../../../shared/base/closeCode.ts';
import { Emitter } from '../Emitter.ts';
import { ConnectionError } from '../errors.ts';
import type { MediaServerAddress } from '../signaling/types.ts';
import { type ConnectMediaOptions, connectMedia } from './connectMedia.ts';
import type { MediaConnection, PublishOptions } from './MediaConnection.ts';
import type { OutgoingStream } from './OutgoingStream.ts';
import type { StreamReceiver } from './StreamReceiver.ts';

const PEER = 'the media handler';
/** A broken session waits this long to be told of another media server (protocol document, "Signaling"). */
const REPLACEMENT_TIMEOUT_MS = 5_000;

export interface RoomMediaEvents {
  reconnecting: undefined;
  reconnected: undefined;
  /** There is no media any more. Emitted once, after which nothing follows; not after close(). */
  ended: ConnectionError;
}

interface Reception {
  readonly userId: number;
  readonly streamId: number;
  readonly receiver: StreamReceiver;
  stop: () => void;
}

type State =
  | { readonly name: 'ready' }
  | {
      readonly name: 'reconnecting';
      /** Resolves when the state is another. */
      readonly over: Promise<void>;
      readonly resolve: () => void;
    }
  | { readonly name: 'over'; readonly error: ConnectionError | undefined };

export class RoomMedia {
  readonly #options: ConnectMediaOptions;
  readonly #events: Emitter<RoomMediaEvents>;
  readonly #receptions = new Set<Reception>();
  readonly #streams = new Map<number, OutgoingStream>();
  #connection: MediaConnection;
  #state: State = { name: 'ready' };
  /** Counts the media servers that were named: a newer one makes a connection under way pointless. */
  #attempt = 0;
  #cancelWaiting: (() => void) | undefined;

  /** Takes over a connection that is ready. */
  constructor(connection: MediaConnection, options: ConnectMediaOptions) {
    this.#options = options;
    this.#connection = connection;
    this.#events = new Emitter((error) => options.log.error('A room media listener failed', { error }));
    this.#watch(connection);
  }

  /** The latest connection, whatever its state. */
  get connection(): MediaConnection {
    return this.#connection;
  }

  on<Name extends keyof RoomMediaEvents>(
    name: Name,
    listener: (value: RoomMediaEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** As MediaConnection.receive, over all connections. */
  receive(userId: number, streamId: number, receiver: StreamReceiver): () => void {
    const reception: Reception = {
      userId,
      streamId,
      receiver,
      stop: this.#connection.receive(userId, streamId, receiver),
    };
    this.#receptions.add(reception);
    return () => {
      this.#receptions.delete(reception);
      reception.stop();
    };
  }

  /** A stream to send on, over all connections. Waits for one that is being made. Rejects with ConnectionError. */
  async publish(options: PublishOptions): Promise<OutgoingStream> {
    while (this.#state.name === 'reconnecting') await this.#state.over;
    if (this.#state.name === 'over') throw this.#state.error ?? ConnectionError.lost(PEER, 'closed');
    const stream = this.#connection.publish(options);
    this.#streams.set(options.streamId, stream);
    return stream;
  }

  unpublish(streamId: number): void {
    this.#connection.unpublish(streamId);
    this.#streams.get(streamId)?.close();
    this.#streams.delete(streamId);
  }

  /** Leaves the media server for the first of these that lets us in. Never rejects: how it went is an event. */
  async moveTo(servers: readonly MediaServerAddress[]): Promise<void> {
    if (this.#state.name === 'over') return;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#cancelWaiting?.();
    this.#reconnecting();
    this.#connection.close();
    try {
      const connection = await connectMedia(servers, this.#options);
      if (attempt === this.#attempt) this.#replace(connection);
      else connection.close();
    } catch (error) {
      // The server may have been lost in turn: another one may be named.
      if (attempt === this.#attempt) this.#waitForServer(error);
    }
  }

  /** Ends streams and connection. Idempotent. */
  close(): void {
    this.#finish(undefined);
  }

  #watch(connection: MediaConnection): void {
    connection.on('ended', (error) => {
      if (connection !== this.#connection || error === undefined || this.#state.name !== 'ready') return;
      if (!mayBeReplaced(error)) {
        this.#end(error);
        return;
      }
      this.#options.log.warn('The media session broke', { error });
      this.#reconnecting();
      this.#waitForServer(error);
    });
  }

  #reconnecting(): void {
    if (this.#state.name !== 'ready') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#state = { name: 'reconnecting', over: promise, resolve };
    this.#events.emit('reconnecting', undefined);
  }

  #waitForServer(cause: unknown): void {
    this.#cancelWaiting?.();
    this.#cancelWaiting = this.#options.timers.after(REPLACEMENT_TIMEOUT_MS, () =>
      this.#end(ConnectionError.lost(PEER, cause)),
    );
  }

  #replace(connection: MediaConnection): void {
    const state = this.#state;
    if (state.name !== 'reconnecting') {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#watch(connection);
    for (const reception of this.#receptions) {
      const { userId, streamId, receiver } = reception;
      reception.stop = connection.receive(userId, streamId, receiver);
    }
    for (const stream of this.#streams.values()) connection.adopt(stream);
    this.#state = { name: 'ready' };
    state.resolve();
    this.#events.emit('reconnected', undefined);
  }

  #end(error: ConnectionError): void {
    if (this.#finish(error)) this.#events.emit('ended', error);
  }

  #finish(error: ConnectionError | undefined): boolean {
    const state = this.#state;
    if (state.name === 'over') return false;
    this.#state = { name: 'over', error };
    this.#attempt += 1;
    this.#cancelWaiting?.();
    for (const { stop } of this.#receptions) stop();
    this.#receptions.clear();
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#connection.close();
    if (state.name === 'reconnecting') state.resolve();
    return true;
  }
}

/** A session that broke, or that a server ends because it goes away; one that was refused or thrown out stays so. */
function mayBeReplaced(error: ConnectionError): boolean {
  return error.code === 'lost' || (error.code === 'closed' && error.closeCode === CloseCode.goingAway);
}
