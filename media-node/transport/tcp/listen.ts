// WebTransport sessions on a TCP port, for clients whose network blocks UDP (ledger MH-1; TLS 1.3 ends here, SFU-5): over
// WebSocket for today's browsers, and over HTTP/2 (draft-ietf-webtrans-http2) for clients that have it.
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { AddressSlot } from '../AddressGate.ts';
import { type Admission, decide, EXTRA_CONNECTIONS, GATE_COUNTERS } from '../admission.ts';
import {
  createTransportCounters,
  type ListenOptions,
  type SessionListener,
  type SessionRequest,
  type TransportCounters,
} from '../MediaSession.ts';
import { DatagramFrames } from './DatagramFrames.ts';
import { NO_BYTES } from './Framing.ts';
import { encodeGrants, GRANT_SETTINGS, readGrants } from './grants.ts';
import { Http2Framing } from './Http2Framing.ts';
import { TcpMediaSession, type TcpMediaSessionOptions } from './TcpMediaSession.ts';
import { acceptUpgrade, readUpgrade, refuseUpgrade, type UpgradeRequest } from './upgrade.ts';
import { WebSocketFraming } from './WebSocketFraming.ts';

const MAX_HEADER_BYTES = 16_384;
/** A connection is one session, as on QUIC. */
const SESSIONS_PER_CONNECTION = 1;

/** Rejects when the port is taken or the certificate is not one. */
export async function listenTcp(options: ListenOptions): Promise<SessionListener> {
  const listener = new TcpSessionListener(options);
  await listener.listen();
  return listener;
}

/** How a request is answered, by what carries it. */
interface Answers {
  refuse(status: number): void;
  open(): TcpMediaSession;
}

interface Connection {
  readonly socket: Socket;
  readonly slot: AddressSlot;
  /** Ends a connection of which no session came. */
  readonly deadline: ReturnType<typeof setTimeout>;
  /** Its request was answered, one way or the other. */
  answered: boolean;
}

class TcpSessionListener implements SessionListener {
  readonly counters = createTransportCounters();
  readonly #options: ListenOptions;
  readonly #server: Http2SecureServer;
  readonly #webSocketFrames = new DatagramFrames();
  readonly #http2Frames = new DatagramFrames();
  readonly #sessions = new Set<TcpMediaSession>();
  /** By the peer's address and port. */
  readonly #connections = new Map<string, Connection>();
  #port = 0;
  #closing = false;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createSecureServer({
      cert: options.certificatePem,
      key: options.privateKeyPem,
      minVersion: 'TLSv1.3',
      allowHTTP1: true,
      settings: {
        enableConnectProtocol: true,
        maxConcurrentStreams: SESSIONS_PER_CONNECTION,
        maxHeaderListSize: MAX_HEADER_BYTES,
        customSettings: encodeGrants(options.limits),
      },
      remoteCustomSettings: GRANT_SETTINGS,
    });
    this.#server.on('connection', (socket: Socket) => this.#onConnection(socket));
    // Nagle's algorithm would hold small capsules back for 40 ms.
    this.#server.on('secureConnection', (socket: TLSSocket) => socket.setNoDelay(true));
    // A failed handshake ends its connection, which is what counts it.
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('sessionError', () => undefined);
    this.#server.on('upgrade', (request, socket, head) => {
      const asked = readUpgrade(request);
      if (asked.ok) this.#onUpgrade(asked.value, request.socket, socket, head);
      else this.#refuse(request.socket, () => refuseUpgrade(socket, asked.reason));
    });
    this.#server.on('stream', (stream, headers) => this.#onStream(stream, headers));
    // Both versions tell of a CONNECT here as well: of HTTP/2 it is a stream, of HTTP/1.1 a proxy's.
    this.#server.on('connect', (_request, socket: unknown) => {
      if (socket !== null && typeof socket === 'object' && 'remotePort' in socket)
        this.#refuse(socket as Socket, () => refuseUpgrade(socket as Socket, 405));
    });
    this.#server.on('request', (request, response) => {
      if (request.method === 'CONNECT') return;
      this.#refuse(request.socket, () => {
        response.writeHead(426, { 'content-type': 'text/plain' });
        response.end('Media sessions of Dark Tower are opened with WebTransport, or WebSocket over TCP.\n');
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async listen(): Promise<void> {
    const { hostname, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, hostname, resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('A TCP server has no port');
    this.#port = address.port;
  }

  replaceCertificate(certificatePem: string, privateKeyPem: string): void {
    this.#server.setSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' });
  }

  async close(code: number, reason: string): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const sessions = [...this.#sessions];
    for (const session of sessions) session.close(code, reason);
    await Promise.all(sessions.map((session) => session.gone));
    for (const { socket } of this.#connections.values()) socket.destroy();
    await closed;
  }

  #onConnection(socket: Socket): void {
    const { limits, gate } = this.#options;
    socket.on('error', () => undefined);
    if (this.#closing || this.#connections.size >= limits.maxSessions + EXTRA_CONNECTIONS)
      this.#drop(socket, 'connectionsRefused');
    else if (!gate.allowsHandshake()) this.#drop(socket, 'handshakesRefused');
    else {
      const entry = gate.enter(socket.remoteAddress ?? '');
      if (entry.ok) this.#take(socket, entry.slot);
      else this.#drop(socket, GATE_COUNTERS[entry.reason]);
    }
  }

  #drop(socket: Socket, counter: keyof TransportCounters): void {
    this.counters[counter]++;
    socket.destroy();
  }

  #take(socket: Socket, slot: AddressSlot): void {
    const peer = addressOf(socket);
    const deadline = setTimeout(() => socket.destroy(), this.#options.limits.handshakeTimeoutMs);
    const connection: Connection = { socket, slot, deadline, answered: false };
    this.#connections.set(peer, connection);
    socket.once('close', () => {
      this.#connections.delete(peer);
      slot.release();
      clearTimeout(deadline);
      if (!connection.answered) this.counters.handshakesFailed++;
    });
  }

  /** Whoever is refused has until the deadline to read why and go. */
  #refuse(socket: Socket | undefined, answer: () => void): void {
    const connection = socket === undefined ? undefined : this.#connections.get(addressOf(socket));
    if (connection !== undefined) connection.answered = true;
    this.counters.requestsRefused++;
    answer();
  }

  #onUpgrade(
    { accept, ...asked }: UpgradeRequest,
    connection: Socket,
    socket: Duplex,
    head: Uint8Array,
  ): void {
    const request: SessionRequest = { ...asked, remoteAddress: addressOf(connection) };
    this.#answer(connection, request, {
      refuse: (status) => refuseUpgrade(socket, status),
      open: () => {
        acceptUpgrade(socket, accept);
        return this.#session(request, {
          duplex: socket,
          createFraming: (sink) => new WebSocketFraming('server', sink),
          datagramFrames: this.#webSocketFrames,
          first: head,
        });
      },
    });
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (headers[':method'] !== 'CONNECT') return; // Answered as a request.
    stream.on('error', () => undefined);
    const { session: http2 } = stream;
    const socket = http2?.socket as TLSSocket | undefined;
    const refuse = (status: number): void => stream.respond({ ':status': status }, { endStream: true });
    if (headers[':protocol'] !== 'webtransport' || http2 === undefined || socket === undefined) {
      this.#refuse(socket, () => refuse(405));
      return;
    }
    const request: SessionRequest = {
      path: headers[':path'] ?? '/',
      authority: headers[':authority'] ?? '',
      origin: headers.origin,
      remoteAddress: addressOf(socket),
    };
    this.#answer(socket, request, {
      refuse,
      open: () => {
        stream.respond({ ':status': 200 });
        const session = this.#session(request, {
          duplex: stream,
          createFraming: (sink) => new Http2Framing(sink),
          datagramFrames: this.#http2Frames,
          first: NO_BYTES,
          peerGrants: readGrants(http2.remoteSettings.customSettings ?? {}),
          ping: (onAnswer) => void http2.ping((error) => error === null && onAnswer()),
        });
        void session.gone.then(() => http2.close());
        return session;
      },
    });
  }

  #session(
    request: SessionRequest,
    link: Pick<
      TcpMediaSessionOptions,
      'duplex' | 'createFraming' | 'datagramFrames' | 'first' | 'ping' | 'peerGrants'
    >,
  ): TcpMediaSession {
    const { limits } = this.#options;
    return new TcpMediaSession({ role: 'server', ...request, ...link, limits, counters: this.counters });
  }

  /** A session, or a refusal: by a status, or by closing a session as soon as it is there, which is what a page can read. */
  #answer(socket: Socket, request: SessionRequest, { refuse, open }: Answers): void {
    const connection = this.#connections.get(request.remoteAddress);
    // The connection ended while its request was read.
    if (connection === undefined) return;
    const decision = decide(this.#admission, request, connection.slot);
    if (decision.accept) this.#keep(connection, open());
    else if ('status' in decision) this.#refuse(socket, () => refuse(decision.status));
    else this.#refuse(socket, () => open().close(decision.close.code, decision.close.reason));
  }

  get #admission(): Admission {
    return {
      options: this.#options,
      counters: this.counters,
      sessions: this.#sessions.size,
      closing: this.#closing,
    };
  }

  #keep(connection: Connection, session: TcpMediaSession): void {
    connection.answered = true;
    clearTimeout(connection.deadline);
    this.#sessions.add(session);
    void session.ended.then(() => {
      this.#sessions.delete(session);
      connection.slot.closeSession();
    });
    try {
      this.#options.onSession(session);
    } catch {
      this.counters.handlerFaults++;
      session.close(0, '');
    }
  }
}

/** `host:port` of the peer, an IPv6 host in brackets; unique among the connections of a port. */
function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
