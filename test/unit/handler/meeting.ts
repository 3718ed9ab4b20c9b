// A handler worker with clients on paired sessions: everything but the network is the real thing.
import {
  HandlerWorker,
  type HandlerWorkerLimits,
  type ProcessUsage,
} from '../../../media-node/handler/HandlerWorker.ts';
import type { EndedTransport, HandlerCalls } from '../../../media-node/ipc/protocol.ts';
import type { RpcHandlers } from '../../../media-node/ipc/Rpc.ts';
import {
  type BidirectionalStream,
  DATAGRAM_PREFIX_BYTES,
  type ReceiveStream,
  type SessionClose,
  StreamClosedError,
} from '../../../media-node/transport/MediaSession.ts';
import {
  createSessionPair,
  type PairedSession,
  type PairOptions,
} from '../../../media-node/transport/paired/pairedSessions.ts';
import type { QualityAlert } from '../../../shared/api/handler.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { ControlType } from '../../../shared/frame/control.ts';
import { readType } from '../../../shared/frame/read.ts';
import type { Delivery } from '../../../shared/media-session/delivery.ts';
import {
  decodeMediaServerMessage,
  frameMediaClientMessage,
  type MediaClientMessageInit,
  type MediaServerMessage,
} from '../../../shared/media-session/messages.ts';
import { STREAM_HEADER_BYTES, StreamType, writeStreamHeader } from '../../../shared/media-stream/header.ts';
import { FramedReader } from '../../../shared/signaling/framing.ts';

export { frame } from '../frame.ts';

export const ROUTER_ID = 'router-1';

export class FakeClock implements Clock {
  nowMs = 1_000_000;
  epochMs(): EpochMs {
    return this.nowMs as EpochMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

export interface TestWorker {
  readonly worker: HandlerWorker;
  readonly clock: FakeClock;
  /** What would be told to the meeting's controller. */
  readonly alerts: QualityAlert[];
  readonly calls: Omit<RpcHandlers<HandlerCalls>, 'shutdown'>;
  /** Transports that it said have ended by themselves. */
  readonly ended: EndedTransport[];
}

/** A worker with one router, ROUTER_ID. */
export async function startTestWorker(
  limits: Partial<HandlerWorkerLimits> = {},
  usage: () => ProcessUsage = () => ({ cpuUs: 5, rssBytes: 7 }),
): Promise<TestWorker> {
  const clock = new FakeClock();
  let nextId = 1;
  const ended: EndedTransport[] = [];
  const alerts: QualityAlert[] = [];
  const worker = await HandlerWorker.create({
    onQualityAlert: (alert) => void alerts.push(alert),
    limits: { maxRouters: 4, maxConsumers: 100, maxTransports: 50, authTimeoutMs: 5_000, ...limits },
    clock,
    log: silentLogger,
    newId: () => `id-${nextId++}`,
    usage,
    onTransportEnded: (transport) => void ended.push(transport),
  });
  const calls = worker.handlers();
  await calls.createRouter({ router_id: ROUTER_ID, meeting_id: 'meeting-1', generation: 1 });
  return { worker, clock, alerts, calls, ended };
}

/** A client as a browser is one: it authenticates, sends and keeps what it gets. */
export class TestClient {
  readonly session: PairedSession;
  readonly server: PairedSession;
  readonly datagrams: Uint8Array[] = [];
  /** The worker's own pings, which come at any time: kept apart from what is waited for. */
  readonly pings: Uint8Array[] = [];
  readonly messages: MediaServerMessage[] = [];
  readonly streams: ReceivedStream[] = [];
  close: SessionClose | undefined;
  control: BidirectionalStream | undefined;

  constructor(worker: HandlerWorker, options: PairOptions = {}) {
    const pair = createSessionPair({ path: '/media', ...options });
    this.session = pair.client;
    this.server = pair.server;
    this.session.setHandlers({
      onDatagram: (bytes, at) => {
        const received = readType(bytes, at) === ControlType.ping ? this.pings : this.datagrams;
        received.push(bytes.subarray(at));
      },
      onBidirectionalStream: () => undefined,
      onReceiveStream: (stream) => void this.streams.push(new ReceivedStream(stream)),
      onClose: (close) => {
        this.close = close;
      },
    });
    worker.accept(this.server);
  }

  async openControl(): Promise<BidirectionalStream> {
    const control = await this.session.openBidirectionalStream();
    this.control = control;
    void this.#readMessages(control.receive);
    return control;
  }

  async authenticate(token: string, deliversOnDemand = false): Promise<void> {
    await this.openControl();
    await this.say({ auth: { connectionToken: token, deliversOnDemand } });
  }

  async say(message: MediaClientMessageInit): Promise<void> {
    await this.sayBytes(frameMediaClientMessage(message));
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    await this.control?.send.write(bytes);
  }

  sendDatagram(datagram: Uint8Array): void {
    const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + datagram.length);
    bytes.set(datagram, DATAGRAM_PREFIX_BYTES);
    this.session.sendDatagram(bytes, DATAGRAM_PREFIX_BYTES);
  }

  async #readMessages(receive: ReceiveStream): Promise<void> {
    const framing = new FramedReader();
    try {
      for (let chunk = await receive.read(); chunk !== undefined; chunk = await receive.read()) {
        framing.push(chunk, (body) => {
          const decoded = decodeMediaServerMessage(body);
          if (decoded.ok) this.messages.push(decoded.value);
        });
      }
    } catch (error) {
      if (!(error instanceof StreamClosedError)) throw error;
    }
  }
}

/** A stream that a client gets: its bytes so far and how it ended. */
export class ReceivedStream {
  readonly stream: ReceiveStream;
  #chunks: Uint8Array[] = [];
  end: 'open' | 'finished' | { readonly resetCode: number | undefined } = 'open';

  constructor(stream: ReceiveStream) {
    this.stream = stream;
    void this.#read();
  }

  get bytes(): Uint8Array {
    if (this.#chunks.length !== 1) this.#chunks = [new Uint8Array(Buffer.concat(this.#chunks))];
    return this.#chunks[0] ?? new Uint8Array(0);
  }

  async #read(): Promise<void> {
    try {
      for (let chunk = await this.stream.read(); chunk !== undefined; chunk = await this.stream.read())
        this.#chunks.push(chunk);
      this.end = 'finished';
    } catch (error) {
      this.end = { resetCode: error instanceof StreamClosedError ? error.code : undefined };
    }
  }
}

export interface Seat {
  readonly client: TestClient;
  readonly transportId: string;
  readonly token: string;
}

/** A transport and a client that is connected to it. */
export async function join(
  test: TestWorker,
  userId: number,
  { deliversOnDemand, ...options }: PairOptions & { readonly deliversOnDemand?: boolean } = {},
): Promise<Seat> {
  const { transports } = await test.calls.createTransports({
    router_id: ROUTER_ID,
    transports: [{ participant_id: `p-${userId}`, user_id: userId }],
  });
  const [transport] = transports;
  if (!transport) throw new Error('No transport was made');
  const client = new TestClient(test.worker, options);
  await client.authenticate(transport.connection_token, deliversOnDemand);
  await until(() => client.messages.length > 0);
  return { client, transportId: transport.transport_id, token: transport.connection_token };
}

export async function publish(
  test: TestWorker,
  seat: Seat,
  streamId: number,
  kind: 'audio' | 'video' = 'video',
): Promise<string> {
  const { producers } = await test.calls.createProducers({
    router_id: ROUTER_ID,
    producers: [{ transport_id: seat.transportId, stream_id: streamId, kind }],
  });
  return producers[0]?.producer_id ?? '';
}

export async function subscribe(
  test: TestWorker,
  seat: Seat,
  producerId: string,
  delivery: Delivery = 'publishers_choice',
): Promise<string> {
  const { consumers } = await test.calls.createConsumers({
    router_id: ROUTER_ID,
    consumers: [{ transport_id: seat.transportId, producer_id: producerId, delivery }],
  });
  return consumers[0]?.consumer_id ?? '';
}

/** Waits for a condition; the test's own time limit bounds it. WebCrypto answers after any number of turns of the loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything run that needs neither a timer nor WebCrypto: paired sessions deliver in microtasks. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A whole media stream: its header and frames. */
export function mediaStream(
  userId: number,
  streamId: number,
  frames: readonly Uint8Array[],
  type: StreamType = StreamType.video,
): Uint8Array {
  const length = frames.reduce((total, one) => total + one.length, STREAM_HEADER_BYTES);
  const bytes = new Uint8Array(length);
  writeStreamHeader(bytes, 0, { type, userId, streamId, fourCc: 'VP80' });
  let at = STREAM_HEADER_BYTES;
  for (const one of frames) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}
