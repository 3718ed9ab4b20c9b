// Capsules over a socket or an HTTP/2 stream: batches what goes out, bounds what waits, and notices a peer that fell silent.
import type { Duplex } from 'node:stream';
import type { CapsuleChannel } from '../../../shared/webtransport/CapsuleMux.ts';
import { CapsuleType } from '../../../shared/webtransport/capsuleTypes.ts';
import { concatBytes } from '../h3/bytes.ts';
import type { TransportLimits } from '../MediaSession.ts';
import type { DatagramFrames } from './DatagramFrames.ts';
import { type Framing, type FramingSink, NO_BYTES } from './Framing.ts';

/** Stream data waits while more bytes than this are not handed to the kernel, so that datagrams pass it. */
const WRITABLE_BYTES = 65_536;
/** Past this a peer that does not read is given up: what is sent in answer to it is not bounded otherwise. */
const MAX_UNSENT_BYTES = 1_048_576;
/** How long the peer has to end its side when we ended ours. */
const CLOSE_LINGER_MS = 1_000;

/** How a connection ended by itself. */
export type ConnectionEnd =
  /** The peer ended it properly. */
  | { readonly kind: 'goodbye' }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string };

export interface CapsuleConnectionOptions {
  readonly duplex: Duplex;
  readonly createFraming: (sink: FramingSink) => Framing;
  /** Shared with the other connections of this framing; without it each makes frames of its own, as one that masks must. */
  readonly datagramFrames?: DatagramFrames;
  readonly limits: Pick<TransportLimits, 'idleTimeoutMs' | 'keepAliveIntervalMs'>;
  onDatagram(bytes: Uint8Array, at: number): void;
  onCapsule(type: number, value: Uint8Array): string | undefined;
  /** There is room again for stream data. */
  onWritable(): void;
  /** Datagrams were handed to the kernel, or given up. */
  onDatagramsSent(count: number, failed: boolean): void;
  /** Once, unless finish() came first. */
  onEnd(end: ConnectionEnd): void;
  /** Where the framing has no ping of its own: makes the engine send one and says when it was answered. */
  readonly ping?: (onAnswer: () => void) => void;
}

export class CapsuleConnection implements CapsuleChannel {
  readonly #options: CapsuleConnectionOptions;
  readonly #duplex: Duplex;
  readonly #framing: Framing;
  readonly #gone = Promise.withResolvers<void>();
  readonly #maxSilentTicks: number;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #batchDatagrams = 0;
  #held = false;
  #silentTicks = 0;
  #over = false;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(options: CapsuleConnectionOptions) {
    this.#options = options;
    this.#duplex = options.duplex;
    const { idleTimeoutMs, keepAliveIntervalMs } = options.limits;
    this.#maxSilentTicks = Math.ceil(idleTimeoutMs / keepAliveIntervalMs);
    this.#framing = options.createFraming({
      onDatagram: (bytes, at) => options.onDatagram(bytes, at),
      onCapsule: (type, value) => options.onCapsule(type, value),
      onAnswer: (frame) => this.#enqueue(frame),
      onGoodbye: () => this.#end({ kind: 'goodbye' }),
    });
    this.#duplex.on('error', (error) => this.#end({ kind: 'lost', message: error.message }));
    this.#duplex.on('close', () => {
      clearInterval(this.#ticking);
      this.#end({ kind: 'lost', message: 'Connection ended' });
      this.#gone.resolve();
    });
  }

  /** Resolves when the connection is over in both directions. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  get writable(): boolean {
    const writable = this.#unsentBytes < WRITABLE_BYTES;
    this.#held ||= !writable;
    return writable;
  }

  get #unsentBytes(): number {
    return this.#duplex.writableLength + this.#batchBytes;
  }

  /** Begins to read, with the bytes that came already. */
  start(first: Uint8Array): void {
    this.#ticking = setInterval(() => this.#tick(), this.#options.limits.keepAliveIntervalMs);
    if (this.#duplex.destroyed) clearInterval(this.#ticking);
    this.#duplex.on('data', (chunk: Uint8Array) => this.#read(chunk));
    this.#duplex.on('end', () => this.#end({ kind: 'goodbye' }));
    this.#duplex.resume();
    // Before what the line above asks for, which comes in a later turn.
    if (first.length > 0) this.#read(first);
  }

  /** Takes nothing more from the peer, beyond what was read already, until resume(). */
  pause(): void {
    this.#duplex.pause();
  }

  resume(): void {
    this.#duplex.resume();
  }

  send(type: number, head: Uint8Array, body = NO_BYTES): void {
    this.#enqueue(this.#framing.encode(type, head, body));
  }

  /** Copies bytes[at..] into a frame, which the engine takes asynchronously. */
  sendDatagram(bytes: Uint8Array, at: number): void {
    this.#batchDatagrams++;
    const shared = this.#options.datagramFrames;
    this.#enqueue(
      shared === undefined
        ? this.#framing.encode(CapsuleType.datagram, NO_BYTES, bytes.subarray(at))
        : shared.frameOf(this.#framing, bytes, at),
    );
  }

  /** Ends our side behind what was sent, and the connection when the peer has done the same or takes too long. Idempotent. */
  finish(): void {
    if (this.#over && (this.#duplex.writableEnded || this.#duplex.destroyed)) return;
    this.#over = true;
    clearInterval(this.#ticking);
    if (this.#framing.goodbye !== undefined) this.#batch.push(this.#framing.goodbye);
    this.#flush();
    this.#duplex.end();
    // What still comes is not looked at, but must flow, or the peer's end is never seen.
    this.#duplex.resume();
    const timer = setTimeout(() => this.#duplex.destroy(), CLOSE_LINGER_MS);
    void this.#gone.promise.then(() => clearTimeout(timer));
  }

  #read(chunk: Uint8Array): void {
    this.#silentTicks = 0;
    if (this.#over) return;
    // Not as a Buffer, whose slice() is no copy.
    const fault = this.#framing.read(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    if (fault !== undefined) this.#end({ kind: 'fault', message: fault });
  }

  #enqueue(frame: Uint8Array): void {
    if (this.#over) return;
    this.#batch.push(frame);
    this.#batchBytes += frame.length;
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
    if (this.#unsentBytes > MAX_UNSENT_BYTES) this.#end({ kind: 'lost', message: 'Peer does not read' });
  }

  /** Everything that was sent in one turn goes out as one write: one TLS record and one system call. */
  #flush(): void {
    this.#options.datagramFrames?.forget();
    const [first] = this.#batch;
    if (first === undefined) return;
    const bytes = this.#batch.length === 1 ? first : concatBytes(...this.#batch);
    const datagrams = this.#batchDatagrams;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchDatagrams = 0;
    this.#duplex.write(bytes, (error) => {
      if (datagrams > 0) this.#options.onDatagramsSent(datagrams, error !== undefined && error !== null);
      if (!this.#held || this.#over || !this.writable) return;
      this.#held = false;
      this.#options.onWritable();
    });
  }

  #tick(): void {
    this.#silentTicks++;
    if (this.#silentTicks > this.#maxSilentTicks) {
      this.#end({ kind: 'lost', message: 'timed out' });
      this.#duplex.destroy();
      return;
    }
    if (this.#framing.ping !== undefined) this.#enqueue(this.#framing.ping);
    this.#options.ping?.(() => {
      this.#silentTicks = 0;
    });
  }

  #end(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#ticking);
    this.#options.onEnd(end);
  }
}
