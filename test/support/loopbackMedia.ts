// A media handler's protocol in one process and without its engine: for tests of the client alone. Everything that one
// session sends goes to all the others.
import { ControlType, controlLength, turnPingIntoPong } from '../../shared/frame/control.ts';
import { readType } from '../../shared/frame/read.ts';
import { isControl } from '../../shared/frame/validate.ts';
import {
  decodeMediaClientMessage,
  frameMediaServerMessage,
  type MediaClientMessage,
  type MediaServerMessageInit,
} from '../../shared/media-session/messages.ts';
import { FramedReader } from '../../shared/signaling/framing.ts';
import type { PairedTransport } from './pairedWebTransport.ts';

export class LoopbackMedia {
  readonly #sessions = new Set<LoopbackSession>();

  get sessions(): readonly LoopbackSession[] {
    return [...this.#sessions];
  }

  /** Serves one session; its user id is what its token names: `token-<user id>`. */
  serve(transport: PairedTransport): LoopbackSession {
    const session = new LoopbackSession(transport, this.#sessions);
    this.#sessions.add(session);
    void transport.closed.then(
      () => this.#sessions.delete(session),
      () => this.#sessions.delete(session),
    );
    return session;
  }
}

export class LoopbackSession {
  userId = 0;
  /** Everything the client said, in order. */
  readonly messages: MediaClientMessage[] = [];
  /** Control datagrams of the client. */
  readonly control: Uint8Array[] = [];
  readonly #transport: PairedTransport;
  readonly #others: ReadonlySet<LoopbackSession>;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #datagrams: WritableStreamDefaultWriter<Uint8Array>;

  constructor(transport: PairedTransport, others: ReadonlySet<LoopbackSession>) {
    this.#transport = transport;
    this.#others = others;
    this.#datagrams = transport.datagrams.writable.getWriter();
    void this.#readControl();
    void this.#readDatagrams();
    void this.#readStreams();
  }

  send(message: MediaServerMessageInit): void {
    void this.#writer?.write(frameMediaServerMessage(message)).catch(() => undefined);
  }

  sendDatagram(bytes: Uint8Array): void {
    void this.#datagrams.write(bytes);
  }

  /** Bytes on a unidirectional stream of their own. */
  async sendStream(...chunks: readonly Uint8Array[]): Promise<void> {
    const writer = (await this.#transport.createUnidirectionalStream()).getWriter();
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  }

  sendRaw(bytes: Uint8Array): void {
    void this.#writer?.write(bytes);
  }

  close(closeCode: number, reason: string): void {
    this.#transport.close({ closeCode, reason });
  }

  async #readControl(): Promise<void> {
    const incoming = this.#transport.incomingBidirectionalStreams.getReader();
    const { value: stream } = await incoming.read();
    if (stream === undefined) return;
    this.#writer = stream.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    const framing = new FramedReader();
    const reader = stream.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        framing.push(value, (bytes) => {
          const decoded = decodeMediaClientMessage(bytes);
          if (decoded.ok) this.#take(decoded.value);
        });
      }
    } catch {
      // The session is over.
    }
  }

  #take(message: MediaClientMessage): void {
    this.messages.push(message);
    if (message.payload === 'auth') {
      const userId = Number(/^token-(\d+)$/.exec(message.auth.connectionToken ?? '')?.[1] ?? 0);
      if (userId === 0) {
        this.send({ refused: { code: 'UNAUTHORIZED', message: 'Invalid connection token' } });
        return;
      }
      this.userId = userId;
      this.send({ authOk: { userId, maxDatagramBytes: 1_100 } });
    }
    if (message.payload === 'keyFrameRequest') {
      const { keyFrameRequest } = message;
      for (const session of this.#others)
        if (session.userId === keyFrameRequest.userId) session.send({ keyFrameRequest });
    }
  }

  async #readDatagrams(): Promise<void> {
    for await (const bytes of this.#transport.datagrams.readable) {
      if (!isControl(bytes, 0)) {
        for (const session of this.#others) if (session !== this) session.sendDatagram(bytes);
        continue;
      }
      this.control.push(bytes.slice());
      if (controlLength(bytes, 0) > 0 && readType(bytes, 0) === ControlType.ping) {
        turnPingIntoPong(bytes, 0);
        this.sendDatagram(bytes);
      }
    }
  }

  async #readStreams(): Promise<void> {
    for await (const stream of this.#transport.incomingUnidirectionalStreams) {
      const chunks: Uint8Array[] = [];
      try {
        for await (const chunk of stream) chunks.push(chunk);
        for (const session of this.#others) if (session !== this) void session.sendStream(...chunks);
      } catch {
        // The sender gave the stream up.
      }
    }
  }
}
