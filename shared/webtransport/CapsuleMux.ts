// The streams of one WebTransport session as capsules on an ordered, reliable byte stream (protocol document, "Sessions
// over TCP"; draft-ietf-webtrans-http2): opening, data, ends, resets and flow control in both directions. Knows nothing of
// sockets: capsules come in through push() and go out through the channel. Datagrams do not pass here.
import {
  CapsuleType,
  MAX_STREAM_CHUNK_BYTES,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from './capsuleTypes.ts';
import { type CloseValue, decodeCloseValue } from './closeValue.ts';
import { MuxReceiver, type ReceiverOwner } from './MuxReceiver.ts';
import { MuxSender, type SenderOwner } from './MuxSender.ts';
import { StreamClosedError } from './StreamClosedError.ts';
import { indexOf, kindOf, openerOf, type StreamKind, streamId } from './streamId.ts';
import { encodeVarint, readVarint, varintLength } from './varint.ts';

export interface CapsuleChannel {
  /** False while the transport holds enough: stream data then waits for resume(). Other capsules are small and go out at once. */
  readonly writable: boolean;
  /** Sends a capsule whose value is `head`, then `body`. Both may be changed once this returns. */
  send(type: number, head: Uint8Array, body?: Uint8Array): void;
}

export interface MuxBidirectionalStream {
  readonly receive: MuxReceiver;
  readonly send: MuxSender;
}

/** What a peer allows before its first capsule. */
export interface PeerGrants {
  /** Of each stream, bytes. */
  readonly streamWindowBytes: number;
  /** Of all streams together, bytes. */
  readonly sessionWindowBytes: number;
  readonly unidirectionalStreams: number;
  readonly bidirectionalStreams: number;
}

/** Windows of a stream are known to both ends; the rest comes with the first capsules. */
const OWN_GRANTS: PeerGrants = {
  streamWindowBytes: STREAM_WINDOW_BYTES,
  sessionWindowBytes: 0,
  unidirectionalStreams: 0,
  bidirectionalStreams: 0,
};

export interface CapsuleMuxOptions {
  readonly role: 'client' | 'server';
  readonly channel: CapsuleChannel;
  /** Streams that the peer may have open at once. */
  readonly maxIncomingUnidirectional: number;
  readonly maxIncomingBidirectional: number;
  /** What the peer granted beforehand; absent is what a peer of our own grants. */
  readonly peerGrants?: PeerGrants;
  onBidirectionalStream(stream: MuxBidirectionalStream): void;
  onReceiveStream(stream: MuxReceiver): void;
  /** The peer ended the session. */
  onClose(close: CloseValue): void;
}

interface Stream {
  readonly id: number;
  readonly incoming: boolean;
  receiver: MuxReceiver | undefined;
  sender: MuxSender | undefined;
  /** The peer's bytes: how many came, how many were read, how many may come. */
  receivedBytes: number;
  readBytes: number;
  grantedBytes: number;
  endReceived: boolean;
}

/** Streams of one kind that one side opens. Each counts from the beginning of the session. */
interface Openings {
  opened: number;
  max: number;
}

export class CapsuleMux implements SenderOwner, ReceiverOwner {
  readonly #options: CapsuleMuxOptions;
  readonly #streams = new Map<number, Stream>();
  /** Senders with something to send, the longest waiting first. */
  readonly #ready = new Set<MuxSender>();
  readonly #incoming: Readonly<Record<StreamKind, Openings>>;
  readonly #outgoing: Readonly<Record<StreamKind, Openings>> = {
    unidirectional: { opened: 0, max: 0 },
    bidirectional: { opened: 0, max: 0 },
  };
  /** Resolves when the peer has first said how many streams it takes. */
  readonly #firstGrant: Readonly<Record<StreamKind, PromiseWithResolvers<void>>> = {
    unidirectional: Promise.withResolvers<void>(),
    bidirectional: Promise.withResolvers<void>(),
  };
  readonly #peerStreamWindowBytes: number;
  #sentBytes = 0;
  #maxSentBytes: number;
  #receivedBytes = 0;
  #readBytes = 0;
  #grantedBytes = SESSION_WINDOW_BYTES;
  #over: StreamClosedError | undefined;

  constructor(options: CapsuleMuxOptions) {
    this.#options = options;
    this.#incoming = {
      unidirectional: { opened: 0, max: options.maxIncomingUnidirectional },
      bidirectional: { opened: 0, max: options.maxIncomingBidirectional },
    };
    for (const { promise } of Object.values(this.#firstGrant)) promise.catch(() => undefined);
    const { streamWindowBytes, sessionWindowBytes, unidirectionalStreams, bidirectionalStreams } =
      options.peerGrants ?? OWN_GRANTS;
    this.#peerStreamWindowBytes = streamWindowBytes;
    this.#maxSentBytes = sessionWindowBytes;
    if (unidirectionalStreams > 0) this.#onMaxStreams('unidirectional', unidirectionalStreams);
    if (bidirectionalStreams > 0) this.#onMaxStreams('bidirectional', bidirectionalStreams);
  }

  /** Tells the peer what it may send. Called once, before anything else is sent. */
  start(): void {
    this.#sendNumbers(CapsuleType.maxData, this.#grantedBytes);
    this.#grantStreams('unidirectional');
    this.#grantStreams('bidirectional');
  }

  /** Takes a capsule, whose value is the callee's to keep. Answers with what is wrong with it, after which the session is over. */
  push(type: number, value: Uint8Array): string | undefined {
    if (this.#over !== undefined) return undefined;
    switch (type) {
      case CapsuleType.stream:
        return this.#onStream(value, false);
      case CapsuleType.streamEnd:
        return this.#onStream(value, true);
      case CapsuleType.resetStream:
        return withNumbers(value, 2, (id, code) => this.#onReset(id, code));
      case CapsuleType.stopSending:
        return withNumbers(value, 2, (id, code) => this.#onStop(id, code));
      case CapsuleType.maxData:
        return withNumbers(value, 1, (bytes) => this.#onMaxData(bytes));
      case CapsuleType.maxStreamData:
        return withNumbers(value, 2, (id, bytes) => this.#onMaxStreamData(id, bytes));
      case CapsuleType.maxStreamsUnidirectional:
        return withNumbers(value, 1, (count) => this.#onMaxStreams('unidirectional', count));
      case CapsuleType.maxStreamsBidirectional:
        return withNumbers(value, 1, (count) => this.#onMaxStreams('bidirectional', count));
      case CapsuleType.closeSession:
        return this.#onClose(value);
      default:
        // Blocked notices, padding, draining, and what is not known: nothing follows from them.
        return undefined;
    }
  }

  /** Rejects with StreamClosedError when the session is over or the peer takes no more streams now. */
  async openUnidirectional(): Promise<MuxSender> {
    const { sender } = await this.#open('unidirectional');
    if (sender === undefined) throw new TypeError('A stream that we opened has a sender');
    return sender;
  }

  /** As openUnidirectional. */
  async openBidirectional(): Promise<MuxBidirectionalStream> {
    const { sender, receiver } = await this.#open('bidirectional');
    if (sender === undefined || receiver === undefined)
      throw new TypeError('A bidirectional stream has two halves');
    return { send: sender, receive: receiver };
  }

  /** The channel is writable again. */
  resume(): void {
    this.#pump();
  }

  /** The session is over: every stream ends with this. Idempotent. */
  end(failure: StreamClosedError): void {
    if (this.#over !== undefined) return;
    this.#over = failure;
    for (const { promise, reject } of Object.values(this.#firstGrant)) {
      reject(failure);
      promise.catch(() => undefined);
    }
    for (const { sender, receiver } of this.#streams.values()) {
      sender?.fail(failure);
      receiver?.fail(failure);
    }
    this.#streams.clear();
    this.#ready.clear();
  }

  schedule(sender: MuxSender): void {
    this.#ready.add(sender);
    this.#pump();
  }

  sendChunk(sender: MuxSender, bytes: Uint8Array): void {
    this.#options.channel.send(CapsuleType.stream, encodeVarint(sender.id), bytes);
  }

  sendEnd(sender: MuxSender): void {
    this.#options.channel.send(CapsuleType.streamEnd, encodeVarint(sender.id));
  }

  sendReset(sender: MuxSender, code: number): void {
    this.#sendNumbers(CapsuleType.resetStream, sender.id, code);
  }

  sendStop(receiver: MuxReceiver, code: number): void {
    this.#sendNumbers(CapsuleType.stopSending, receiver.id, code);
  }

  consumed(receiver: MuxReceiver, bytes: number): void {
    this.#consumeSession(bytes);
    const stream = this.#streams.get(receiver.id);
    if (stream === undefined) return;
    stream.readBytes += bytes;
    if (stream.endReceived || stream.grantedBytes - stream.readBytes > STREAM_WINDOW_BYTES / 2) return;
    stream.grantedBytes = stream.readBytes + STREAM_WINDOW_BYTES;
    this.#sendNumbers(CapsuleType.maxStreamData, stream.id, stream.grantedBytes);
  }

  finished(half: MuxSender | MuxReceiver): void {
    const stream = this.#streams.get(half.id);
    if (stream === undefined || this.#over !== undefined) return;
    if (half instanceof MuxSender) {
      this.#ready.delete(half);
      stream.sender = undefined;
    } else stream.receiver = undefined;
    if (stream.sender !== undefined || stream.receiver !== undefined) return;
    this.#streams.delete(stream.id);
    if (!stream.incoming) return;
    const kind = kindOf(stream.id);
    this.#incoming[kind].max++;
    this.#grantStreams(kind);
  }

  async #open(kind: StreamKind): Promise<Stream> {
    if (this.#over !== undefined) throw this.#over;
    await this.#firstGrant[kind].promise;
    if (this.#over !== undefined) throw this.#over;
    const openings = this.#outgoing[kind];
    if (openings.opened >= openings.max)
      throw new StreamClosedError(`Peer takes no more ${kind} streams now`);
    const id = streamId(kind, this.#options.role, openings.opened++);
    const stream = this.#add(id, false);
    // Announces the stream, whether or not anything is ever written.
    this.#options.channel.send(CapsuleType.stream, encodeVarint(id));
    return stream;
  }

  #add(id: number, incoming: boolean): Stream {
    const both = kindOf(id) === 'bidirectional';
    const stream: Stream = {
      id,
      incoming,
      receiver: both || incoming ? new MuxReceiver(id, this) : undefined,
      sender: both || !incoming ? new MuxSender(id, this.#peerStreamWindowBytes, this) : undefined,
      receivedBytes: 0,
      readBytes: 0,
      grantedBytes: STREAM_WINDOW_BYTES,
      endReceived: false,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #onStream(value: Uint8Array, end: boolean): string | undefined {
    const id = readVarint(value, 0);
    if (id === undefined) return 'a stream capsule without a stream id';
    const chunk = value.subarray(varintLength(value[0] ?? 0));
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > this.#grantedBytes) return 'more stream data than the session was granted';
    const known = this.#streams.get(id);
    const stream = known ?? this.#admit(id);
    if (typeof stream === 'string') return stream;
    if (stream === undefined) {
      // Both ends have finished with it, and the peer's last words were on their way.
      this.#consumeSession(chunk.length);
      return undefined;
    }
    const { receiver } = stream;
    if (stream.endReceived || receiver === undefined) return 'data on a stream that has ended';
    stream.receivedBytes += chunk.length;
    if (stream.receivedBytes > stream.grantedBytes) return 'more data on a stream than it was granted';
    stream.endReceived = end;
    if (known === undefined) this.#announce(stream, receiver);
    receiver.deliver(chunk);
    if (end) receiver.end();
    return undefined;
  }

  /** A new stream of the peer, undefined for one that is over, or what is wrong with the id. */
  #admit(id: number): Stream | string | undefined {
    const kind = kindOf(id);
    const ours = openerOf(id) === this.#options.role;
    const openings = ours ? this.#outgoing[kind] : this.#incoming[kind];
    const index = indexOf(id);
    if (index < openings.opened) return undefined;
    if (ours) return 'data on a stream that was never opened';
    if (index > openings.opened) return 'a stream out of order';
    if (openings.opened >= openings.max) return 'more streams than were granted';
    openings.opened++;
    return this.#add(id, true);
  }

  #announce(stream: Stream, receive: MuxReceiver): void {
    if (stream.sender === undefined) this.#options.onReceiveStream(receive);
    else this.#options.onBidirectionalStream({ receive, send: stream.sender });
  }

  #onReset(id: number, code: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.endReceived = true;
    stream.receiver?.fail(new StreamClosedError('Peer reset the stream', code));
  }

  #onStop(id: number, code: number): void {
    const sender = this.#streams.get(id)?.sender;
    if (sender === undefined) return;
    this.sendReset(sender, code);
    sender.fail(new StreamClosedError('Peer stopped reading the stream', code));
  }

  #onMaxData(bytes: number): void {
    if (bytes <= this.#maxSentBytes) return;
    this.#maxSentBytes = bytes;
    for (const { sender } of this.#streams.values()) sender?.retry();
  }

  #onMaxStreamData(id: number, bytes: number): void {
    this.#streams.get(id)?.sender?.allow(bytes);
  }

  #onMaxStreams(kind: StreamKind, count: number): void {
    const openings = this.#outgoing[kind];
    openings.max = Math.max(openings.max, count);
    this.#firstGrant[kind].resolve();
  }

  #onClose(value: Uint8Array): string | undefined {
    const close = decodeCloseValue(value);
    if (close === undefined) return 'a close that cannot be read';
    this.#options.onClose(close);
    return undefined;
  }

  #consumeSession(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#grantedBytes - this.#readBytes > SESSION_WINDOW_BYTES / 2) return;
    this.#grantedBytes = this.#readBytes + SESSION_WINDOW_BYTES;
    this.#sendNumbers(CapsuleType.maxData, this.#grantedBytes);
  }

  #grantStreams(kind: StreamKind): void {
    const type =
      kind === 'unidirectional' ? CapsuleType.maxStreamsUnidirectional : CapsuleType.maxStreamsBidirectional;
    this.#sendNumbers(type, this.#incoming[kind].max);
  }

  #sendNumbers(type: number, first: number, second?: number): void {
    if (this.#over !== undefined) return;
    this.#options.channel.send(
      type,
      encodeVarint(first),
      second === undefined ? undefined : encodeVarint(second),
    );
  }

  /** One chunk of each sender in turn, while the channel and the session's window have room. */
  #pump(): void {
    while (this.#options.channel.writable) {
      const [sender] = this.#ready;
      if (sender === undefined) return;
      this.#ready.delete(sender);
      const sent = sender.sendNext(Math.min(this.#maxSentBytes - this.#sentBytes, MAX_STREAM_CHUNK_BYTES));
      if (sent === undefined) continue;
      this.#sentBytes += sent;
      this.#ready.add(sender);
    }
  }
}

/** Calls with the varints of a value, or says that they are not there. */
function withNumbers(
  value: Uint8Array,
  count: 1 | 2,
  action: (first: number, second: number) => void,
): string | undefined {
  const first = readVarint(value, 0);
  const second = count === 1 ? 0 : readVarint(value, varintLength(value[0] ?? 0));
  if (first === undefined || second === undefined) return 'a capsule that is cut short';
  action(first, second);
  return undefined;
}
