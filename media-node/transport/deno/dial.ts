// The client's half of the handshake, for handlers that dial handlers and for synthetic participants.
import { H3_NO_ERROR } from '../h3/fault.ts';
import { encodeConnectRequest, readStatus } from '../h3/request.ts';
import { allowsSessions } from '../h3/settings.ts';
import { createTransportCounters, DialError, type DialOptions, type MediaSession } from '../MediaSession.ts';
import { unlessLate } from '../unlessLate.ts';
import { ConnectStream } from './ConnectStream.ts';
import { Http3Connection } from './Http3Connection.ts';
import { QuicMediaSession } from './QuicMediaSession.ts';
import { type QuicConnection, quicApi } from './quic.ts';
import { ALPN_PROTOCOLS, transportOptions } from './transportOptions.ts';

const DEFAULT_PORT = 443;

/** A session with the server at the URL. Throws DialError: refused (with the status), unreachable, untrusted or late. */
export async function dialSession(options: DialOptions): Promise<MediaSession> {
  const url = parseUrl(options.url);
  const attempt: Attempt = { over: false, connection: undefined };
  const dialing = dial(url, options, attempt);
  try {
    const session = await unlessLate(dialing, options.limits.handshakeTimeoutMs);
    if (session !== undefined) return session;
    throw new DialError(`No answer from ${options.url} within ${options.limits.handshakeTimeoutMs} ms`);
  } catch (error) {
    attempt.over = true;
    attempt.connection?.close(H3_NO_ERROR, '');
    dialing.catch(() => undefined);
    if (error instanceof DialError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DialError(`No session with ${options.url}: ${reason}`, undefined, { cause: error });
  }
}

/** What a dial that is given up leaves to be closed. */
interface Attempt {
  over: boolean;
  connection: Http3Connection | undefined;
}

async function dial(url: URL, options: DialOptions, attempt: Attempt): Promise<MediaSession> {
  const quic = await connect(url, options);
  const connection = new Http3Connection(quic, createTransportCounters());
  attempt.connection = connection;
  if (attempt.over) {
    connection.close(H3_NO_ERROR, '');
    throw new DialError(`Dialing ${options.url} was given up`);
  }
  const path = url.pathname + url.search;
  await connection.sendSettings();
  if (!allowsSessions(await connection.settings))
    throw new DialError(`Server at ${options.url} does not take WebTransport sessions`);
  const stream = await quic.createBidirectionalStream();
  const connectStream = new ConnectStream(
    connection.receiver(stream.readable),
    connection.sender(stream.writable),
  );
  await connectStream.sender.write(encodeConnectRequest({ authority: url.host, path, origin: undefined }));
  const fields = await connectStream.fields;
  const status = fields === undefined ? undefined : readStatus(fields);
  if (status === undefined) throw new DialError(`Server at ${options.url} gave no answer that can be read`);
  if (status < 200 || status > 299)
    throw new DialError(`Server at ${options.url} refused the session with status ${status}`, status);
  return new QuicMediaSession({
    connection,
    connectStream,
    path,
    origin: undefined,
    limits: options.limits,
    counters: createTransportCounters(),
  });
}

async function connect(url: URL, options: DialOptions): Promise<QuicConnection> {
  return await quicApi().connectQuic({
    ...transportOptions(options.limits),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    alpnProtocols: ALPN_PROTOCOLS,
    serverCertificateHashes: options.certificateHashes.map((value) => ({ algorithm: 'sha-256', value })),
  });
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:')
    throw new DialError(`URL must begin with https:// and name a host: got "${text}"`);
  return url;
}
