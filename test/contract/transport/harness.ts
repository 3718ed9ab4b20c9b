// What the contract's cases are given, and how they look at a session.
import type {
  BidirectionalStream,
  MediaSession,
  ReceiveStream,
  SessionClose,
} from '../../../media-node/transport/MediaSession.ts';

export interface ContractPair {
  readonly client: MediaSession;
  readonly server: MediaSession;
}

/** What not every transport has. */
export type Capability = 'streamCodes' | 'refusal';

export interface Harness {
  readonly capabilities: ReadonlySet<Capability>;
  /** Bound on incoming streams with which both ends run. */
  readonly maxIncomingStreams: number;
  /** Bound on datagrams in flight with which both ends run. */
  readonly maxDatagramsInFlight: number;
  /** Two ends of a new session, without handlers. */
  connect(path?: string): Promise<ContractPair>;
  /** Asks for a session that the server refuses: rejects. */
  connectRefused(status: number): Promise<unknown>;
}

export interface ContractCase {
  readonly name: string;
  /** The case runs only on transports that have this. */
  readonly needs?: Capability;
  run(harness: Harness): Promise<void>;
}

/** Runs a case against a time-out, so that what never comes is a failure with a name. */
export async function runCase(
  contractCase: ContractCase,
  harness: Harness,
  timeoutMs: number,
): Promise<void> {
  await withTimeout(contractCase.run(harness), timeoutMs);
}

export async function withTimeout(running: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface SeenDatagram {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly payload: Uint8Array;
}

export class Observed {
  readonly session: MediaSession;
  readonly datagrams = new Arrivals<SeenDatagram>();
  readonly bidirectional = new Arrivals<BidirectionalStream>();
  readonly incoming = new Arrivals<ReceiveStream>();
  readonly closed: Promise<SessionClose>;
  closes = 0;

  constructor(session: MediaSession) {
    this.session = session;
    const closed = Promise.withResolvers<SessionClose>();
    this.closed = closed.promise;
    session.setHandlers({
      onDatagram: (bytes, at) => this.datagrams.push({ bytes, at, payload: bytes.subarray(at) }),
      onBidirectionalStream: (stream) => this.bidirectional.push(stream),
      onReceiveStream: (stream) => this.incoming.push(stream),
      onClose: (close) => {
        this.closes++;
        closed.resolve(close);
      },
    });
  }
}

/** Sets handlers at both ends; the named one comes first. */
export function peerOf(pair: ContractPair, first: 'client' | 'server'): readonly [Observed, Observed] {
  const client = new Observed(pair.client);
  const server = new Observed(pair.server);
  return first === 'client' ? [client, server] : [server, client];
}

/** What came and was not looked at yet, and whoever waits for it. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  readonly #waiters: ((item: T) => void)[] = [];

  get waiting(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter(item);
  }

  async next(): Promise<T> {
    const item = this.#items.shift();
    return item ?? (await new Promise<T>((resolve) => this.#waiters.push(resolve)));
  }
}

/** Everything up to the stream's end. */
export async function readAll(stream: ReceiveStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Bytes that show a lost, doubled or moved piece. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[at] = state >> 16;
  }
  return bytes;
}
