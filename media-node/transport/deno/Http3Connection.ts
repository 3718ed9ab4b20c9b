// What both ends do on a QUIC connection before and beside the session: the control stream with settings both ways,
// QPACK's streams, and telling the session's streams from all others (RFC 9114 §6.2, draft-ietf-webtrans-http3 §4).

import { concatBytes } from '../h3/bytes.ts';
import { ControlStreamReader } from '../h3/ControlStreamReader.ts';
import { FrameType, SESSION_ID, UniStreamType } from '../h3/constants.ts';
import {
  H3_STREAM_CREATION_ERROR,
  type H3Fault,
  H3Faults,
  WEBTRANSPORT_BUFFERED_STREAM_REJECTED,
} from '../h3/fault.ts';
import { allowsDatagrams, encodeSettings, LOCAL_SETTINGS, type Settings } from '../h3/settings.ts';
import { CONTROL_PREFIX, type StreamPrefix, StreamPrefixReader } from '../h3/streamPrefix.ts';
import { type ReceiveStream, StreamClosedError, type TransportCounters } from '../MediaSession.ts';
import { QuicReceiver } from './QuicReceiver.ts';
import { QuicSender } from './QuicSender.ts';
import type { QuicBidirectionalStream, QuicConnection, QuicReceiveStream, QuicSendStream } from './quic.ts';

/**
 * Streams of a session that wait for its request to be answered. Who has not even shown a token cannot make the engine hold
 * more than this many receive windows of 1.25 MB; a well-behaved peer opens none before the answer.
 */
const MAX_EARLY_STREAMS = 4;

/** Where the session's incoming streams go, behind their prefix. */
export interface SessionStreams {
  onReceiveStream(receiver: QuicReceiver): void;
  onBidirectionalStream(receiver: QuicReceiver, sender: QuicSender): void;
}

type SessionStream = QuicReceiver | QuicSender;

export class Http3Connection {
  readonly quic: QuicConnection;
  readonly #counters: TransportCounters;
  readonly #bidirectional: ReadableStreamDefaultReader<QuicBidirectionalStream>;
  readonly #settings = Promise.withResolvers<Settings>();
  readonly #fault = Promise.withResolvers<H3Fault>();
  /** Our control stream, never closed while the connection lives (RFC 9114 §6.2.1), as being collected would. */
  #control: QuicSender | undefined;
  /** Streams of the session that are not done yet: they end with it. HTTP/3's own streams end with the connection. */
  readonly #open = new Set<SessionStream>();
  /**
   * Streams that came before `attach`: MAX_EARLY_STREAMS while the session is not answered, then as many as the engine lets
   * the peer open.
   */
  #early: QuicReceiver[] = [];
  #answered = false;
  #streams: SessionStreams | undefined;
  readonly #seenTypes = new Set<number>();

  constructor(quic: QuicConnection, counters: TransportCounters) {
    this.quic = quic;
    this.#counters = counters;
    this.#bidirectional = quic.incomingBidirectionalStreams.getReader();
    this.#settings.promise.catch(() => undefined);
    void this.#acceptUnidirectional();
  }

  /** The peer's settings, which allow datagrams. Rejects when the connection ends before they come. */
  get settings(): Promise<Settings> {
    return this.#settings.promise;
  }

  /** Resolves when the peer broke the protocol, after which the connection is closed. */
  get fault(): Promise<H3Fault> {
    return this.#fault.promise;
  }

  /** Opens our control stream and says our settings. */
  async sendSettings(): Promise<void> {
    this.#control = this.sender(await this.quic.createUnidirectionalStream());
    await this.#control.write(concatBytes(CONTROL_PREFIX, encodeSettings(LOCAL_SETTINGS)));
  }

  /** The next stream that the peer opened, whatever it is; undefined when the connection is over. */
  async nextBidirectional(): Promise<QuicBidirectionalStream | undefined> {
    const { value } = await this.#bidirectional.read();
    return value;
  }

  /** There is a session: from here on its streams wait for `attach`, however many the peer opens. */
  answered(): void {
    this.#answered = true;
  }

  /** From here on the session takes its streams, those that came early included. */
  attach(streams: SessionStreams): void {
    this.#streams = streams;
    const early = this.#early;
    this.#early = [];
    for (const receiver of early) streams.onReceiveStream(receiver);
    void this.#acceptBidirectional(streams);
  }

  receiver(stream: QuicReceiveStream): QuicReceiver {
    return new QuicReceiver(stream, (receiver) => this.#open.delete(receiver));
  }

  sender(stream: QuicSendStream): QuicSender {
    return new QuicSender(stream, (sender) => this.#open.delete(sender));
  }

  /** The stream is the session's, and ends with it at the latest. */
  adopt<Stream extends SessionStream>(stream: Stream): Stream {
    this.#open.add(stream);
    return stream;
  }

  /**
   * Ends the session's streams, here only. They stay referenced as long as the connection: collected, they would end
   * with a FIN, and the peer would see whole streams where there are none.
   */
  failStreams(failure: StreamClosedError): void {
    for (const stream of this.#open) stream.end(failure);
  }

  /** The peer broke the protocol: the connection ends with the code that says how. */
  fail(fault: H3Fault): void {
    this.#counters.protocolFaults++;
    this.#fault.resolve(fault);
    this.close(fault.code, fault.message);
  }

  /** Ends the QUIC connection; what was queued and not sent is lost. */
  close(http3Code: number, reason: string): void {
    this.#settings.reject(new Error(reason));
    this.failStreams(new StreamClosedError(`Connection is closed: ${reason}`));
    this.quic.close({ closeCode: http3Code, reason });
  }

  async #acceptUnidirectional(): Promise<void> {
    try {
      const streams = this.quic.incomingUnidirectionalStreams.getReader();
      for (;;) {
        const { value } = await streams.read();
        if (value === undefined) break;
        void this.#takeUnidirectional(this.receiver(value)).catch(() => undefined);
      }
    } catch {
      // The connection is over: its owner sees that in `closed`.
    }
    this.#settings.reject(new Error('Connection ended before the settings came'));
  }

  async #acceptBidirectional(session: SessionStreams): Promise<void> {
    try {
      for (;;) {
        const stream = await this.nextBidirectional();
        if (stream === undefined) return;
        void this.#takeBidirectional(stream, session).catch(() => undefined);
      }
    } catch {
      // As above.
    }
  }

  async #takeUnidirectional(receiver: QuicReceiver): Promise<void> {
    const prefix = await readPrefix(receiver, 'unidirectional');
    // A stream that ends within its prefix says nothing, which is allowed (RFC 9114 §6.2).
    if (prefix === undefined) return;
    switch (prefix.type) {
      case UniStreamType.webTransport:
        if (prefix.sessionId !== SESSION_ID) this.fail(H3Faults.sessionId);
        else if (this.#streams !== undefined) this.#streams.onReceiveStream(this.adopt(receiver));
        else if (this.#answered || this.#early.length < MAX_EARLY_STREAMS)
          this.#early.push(this.adopt(receiver));
        else this.#refuseEarly(receiver);
        return;
      case UniStreamType.control:
      case UniStreamType.qpackEncoder:
      case UniStreamType.qpackDecoder:
        this.fail(await this.#readCritical(receiver, prefix.type));
        return;
      case UniStreamType.push:
        this.fail(H3Faults.streamCreation);
        return;
      default:
        // Reserved types are there to be refused (RFC 9114 §6.2.3).
        receiver.stop(H3_STREAM_CREATION_ERROR);
    }
  }

  #refuseEarly(receiver: QuicReceiver): void {
    this.#counters.streamsRefused++;
    receiver.stop(WEBTRANSPORT_BUFFERED_STREAM_REJECTED);
  }

  async #takeBidirectional(stream: QuicBidirectionalStream, session: SessionStreams): Promise<void> {
    const receiver = this.receiver(stream.readable);
    const sender = this.sender(stream.writable);
    const prefix = await readPrefix(receiver, 'bidirectional').catch(() => undefined);
    if (prefix?.type === FrameType.webTransportStream) {
      if (prefix.sessionId !== SESSION_ID) this.fail(H3Faults.sessionId);
      else session.onBidirectionalStream(this.adopt(receiver), this.adopt(sender));
      return;
    }
    // Another request: one connection is one session here.
    this.#counters.streamsRefused++;
    receiver.stop(H3_STREAM_CREATION_ERROR);
    sender.reset(H3_STREAM_CREATION_ERROR);
  }

  /**
   * Reads a control or QPACK stream until something is wrong with it, which its end is too. QPACK's are of no use without
   * a dynamic table, and drained. Throws when the connection ends.
   */
  async #readCritical(receiver: ReceiveStream, type: number): Promise<H3Fault> {
    if (this.#seenTypes.has(type)) return H3Faults.streamCreation;
    this.#seenTypes.add(type);
    const control = new ControlStreamReader((settings) => {
      if (allowsDatagrams(settings)) this.#settings.resolve(settings);
      else this.fail(H3Faults.settingsUnsupported);
    });
    for (;;) {
      const chunk = await receiver.read();
      if (chunk === undefined) return H3Faults.closedCriticalStream;
      const fault = type === UniStreamType.control ? control.push(chunk) : undefined;
      if (fault !== undefined) return fault;
    }
  }
}

/** The prefix of a stream, with what came behind it left to be read; undefined when the stream ended before. */
async function readPrefix(
  receiver: QuicReceiver,
  direction: 'unidirectional' | 'bidirectional',
): Promise<StreamPrefix | undefined> {
  const reader = new StreamPrefixReader(direction);
  for (;;) {
    const chunk = await receiver.read();
    if (chunk === undefined) return undefined;
    const prefix = reader.push(chunk);
    if (prefix === undefined) continue;
    receiver.unread(chunk.subarray(prefix.bytesTaken));
    return prefix;
  }
}
