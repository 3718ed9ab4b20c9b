// A bad network in user space, for machines whose kernel has no netem: clients send to the proxy's port, each gets a socket
// of its own towards the server, and both directions go through an ImpairedLink. Conditions may change while it runs.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Random } from '../../functions/base/random.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { ImpairedLink, type LinkConditions, PERFECT_LINK } from './ImpairedLink.ts';

const LOOPBACK = '127.0.0.1';
/** Clients at once; datagrams of further ones are dropped. */
const MAX_CLIENTS = 64;

export interface UdpProxyOptions {
  readonly serverPort: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Datagrams of one direction, over all clients. */
export interface DirectionCounts {
  passed: number;
  lost: number;
}

type Direction = 'toServer' | 'toClient';

export class UdpProxy {
  readonly counts: Readonly<Record<Direction, DirectionCounts>> = {
    toServer: { passed: 0, lost: 0 },
    toClient: { passed: 0, lost: 0 },
  };
  readonly #options: UdpProxyOptions;
  readonly #front = createSocket('udp4');
  readonly #clients = new Map<string, ProxiedClient>();
  #conditions: Record<Direction, LinkConditions> = { toServer: PERFECT_LINK, toClient: PERFECT_LINK };

  private constructor(options: UdpProxyOptions) {
    this.#options = options;
  }

  /** Listens on a free port of the loopback interface, with a perfect network until told otherwise. */
  static async start(options: UdpProxyOptions): Promise<UdpProxy> {
    const proxy = new UdpProxy(options);
    proxy.#front.on('message', (bytes, from) => proxy.#clientOf(from)?.toServer(bytes));
    proxy.#front.bind(0, LOOPBACK);
    await once(proxy.#front, 'listening');
    return proxy;
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** Changes a direction for everybody, from now on; what is not named becomes perfect. */
  impair(direction: Direction, conditions: Partial<LinkConditions>): void {
    this.#conditions = { ...this.#conditions, [direction]: { ...PERFECT_LINK, ...conditions } };
    for (const client of this.#clients.values()) client.apply(this.#conditions);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all([closeSocket(this.#front), ...clients.map((client) => client.close())]);
  }

  #clientOf(from: RemoteInfo): ProxiedClient | undefined {
    const key = `${from.address}:${from.port}`;
    const known = this.#clients.get(key);
    if (known !== undefined || this.#clients.size >= MAX_CLIENTS) return known;
    const client = new ProxiedClient(this.#options, this.counts, (bytes) =>
      this.#front.send(bytes, from.port, from.address),
    );
    client.apply(this.#conditions);
    this.#clients.set(key, client);
    return client;
  }
}

/** One client: its socket towards the server, and both directions. */
class ProxiedClient {
  readonly #socket = createSocket('udp4');
  readonly #directions: Readonly<Record<Direction, DelayLine>>;

  constructor(
    { serverPort, clock, random }: UdpProxyOptions,
    counts: Readonly<Record<Direction, DirectionCounts>>,
    sendToClient: (bytes: Buffer) => void,
  ) {
    this.#directions = {
      toServer: new DelayLine(clock, random, counts.toServer, (bytes) =>
        this.#socket.send(bytes, serverPort, LOOPBACK),
      ),
      toClient: new DelayLine(clock, random, counts.toClient, sendToClient),
    };
    this.#socket.on('message', (bytes) => this.#directions.toClient.push(bytes));
    // The server is gone, as a server may be: the client finds out by itself.
    this.#socket.on('error', () => undefined);
  }

  toServer(bytes: Buffer): void {
    this.#directions.toServer.push(bytes);
  }

  apply(conditions: Readonly<Record<Direction, LinkConditions>>): void {
    this.#directions.toServer.change(conditions.toServer);
    this.#directions.toClient.change(conditions.toClient);
  }

  async close(): Promise<void> {
    for (const line of Object.values(this.#directions)) line.close();
    await closeSocket(this.#socket);
  }
}

/** Holds datagrams until their time, in order. Bounded by the link's queue and delay. */
class DelayLine {
  readonly #link: ImpairedLink;
  readonly #clock: Clock;
  readonly #counts: DirectionCounts;
  readonly #send: (bytes: Buffer) => void;
  readonly #waiting: { readonly bytes: Buffer; readonly atMs: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(clock: Clock, random: Random, counts: DirectionCounts, send: (bytes: Buffer) => void) {
    this.#link = new ImpairedLink(random);
    this.#clock = clock;
    this.#counts = counts;
    this.#send = send;
  }

  change(conditions: LinkConditions): void {
    this.#link.change(conditions, this.#clock.monotonicMs());
  }

  push(bytes: Buffer): void {
    if (this.#closed) return;
    const nowMs = this.#clock.monotonicMs();
    const atMs = this.#link.offer(bytes.length, nowMs);
    if (atMs === undefined) {
      this.#counts.lost++;
      return;
    }
    this.#counts.passed++;
    if (atMs <= nowMs && this.#waiting.length === 0) this.#send(bytes);
    else {
      this.#waiting.push({ bytes, atMs });
      this.#schedule();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #schedule(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#timer ??= setTimeout(() => this.#release(), Math.max(0, next.atMs - this.#clock.monotonicMs()));
  }

  #release(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let next = this.#waiting[0]; next !== undefined && next.atMs <= nowMs; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(next.bytes);
    }
    this.#schedule();
  }
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      // It was closed before, or never bound.
      resolve();
    }
  });
}
