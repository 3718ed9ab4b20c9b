// A client of the TCP transport outside a browser: the WebSocket handshake over node:tls, and the session over the same
// framing as the server's. Pins the certificate by its hash, as browsers cannot over TCP.
import { randomBytes } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import {
  createTransportCounters,
  DialError,
  type DialOptions,
  type MediaSession,
} from '../../media-node/transport/MediaSession.ts';
import { TcpMediaSession } from '../../media-node/transport/tcp/TcpMediaSession.ts';
import { acceptKey } from '../../media-node/transport/tcp/upgrade.ts';
import { WebSocketFraming } from '../../media-node/transport/tcp/WebSocketFraming.ts';
import { WEBSOCKET_PROTOCOL } from '../../shared/webtransport/capsuleTypes.ts';

/** Throws DialError: refused (with the status), unreachable, or untrusted. */
export async function dialTcp(options: DialOptions): Promise<MediaSession> {
  const url = new URL(options.url);
  const socket = await connectTls(url, options.certificateHashes);
  const key = randomBytes(16).toString('base64');
  const path = url.pathname + url.search;
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${url.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      `Sec-WebSocket-Protocol: ${WEBSOCKET_PROTOCOL}`,
      '\r\n',
    ].join('\r\n'),
  );
  const { head, rest } = await readHead(socket);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (status !== 101) {
    socket.destroy();
    throw new DialError(`${options.url} refused the session with status ${status}`, status);
  }
  if (!head.includes(`Sec-WebSocket-Accept: ${acceptKey(key)}`))
    throw new DialError('The server answered another handshake');
  return new TcpMediaSession({
    role: 'client',
    duplex: socket,
    createFraming: (sink) => new WebSocketFraming('client', sink),
    first: rest,
    path,
    origin: undefined,
    remoteAddress: url.host,
    limits: options.limits,
    counters: createTransportCounters(),
  });
}

/** A TLS connection to a server that shows one of these certificates. */
export async function connectTls(
  { hostname, port }: Pick<URL, 'hostname' | 'port'>,
  certificateHashes: readonly Uint8Array[],
): Promise<TLSSocket> {
  const socket = connect({
    host: hostname,
    port: Number(port),
    // The hash says who it is, below.
    rejectUnauthorized: false,
    // A name of its own each time: Deno resumes sessions by name, and who resumes one is shown no certificate.
    servername: `${randomBytes(8).toString('hex')}.test`,
    ALPNProtocols: ['http/1.1'],
  });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', (cause) => reject(new DialError('The server is unreachable', undefined, { cause })));
  });
  socket.on('error', () => undefined);
  const { raw } = socket.getPeerCertificate();
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Uint8Array.from(raw)));
  if (certificateHashes.some((pinned) => hash.equals(pinned))) return socket;
  socket.destroy();
  throw new DialError('The server shows another certificate');
}

/** An HTTP head, and the bytes that came with it. Leaves the socket paused. */
export async function readHead(
  socket: TLSSocket,
): Promise<{ readonly head: string; readonly rest: Uint8Array }> {
  let bytes = Buffer.alloc(0);
  return await new Promise((resolve, reject) => {
    const onEnd = (): void => reject(new DialError('The server ended the connection'));
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.pause();
      socket.off('data', onData);
      socket.off('close', onEnd);
      resolve({ head: bytes.toString('latin1', 0, end + 2), rest: bytes.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.once('close', onEnd);
  });
}
