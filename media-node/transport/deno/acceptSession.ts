// The server's half of the handshake: settings both ways, the CONNECT request on the first bidirectional stream, and its
// answer (RFC 9220, draft-ietf-webtrans-http3 §3).
import { H3_NO_ERROR, H3Faults } from '../h3/fault.ts';
import { encodeResponse, readConnectRequest } from '../h3/request.ts';
import type {
  SessionDecision,
  SessionRefusal,
  SessionRequest,
  TransportCounters,
  TransportLimits,
} from '../MediaSession.ts';
import { unlessLate } from '../unlessLate.ts';
import { formatAddress } from './address.ts';
import { ConnectStream } from './ConnectStream.ts';
import { Http3Connection } from './Http3Connection.ts';
import { QuicMediaSession } from './QuicMediaSession.ts';
import type { QuicConnection } from './quic.ts';

/** The client's first bidirectional stream (RFC 9000 §2.1): the only one that may ask for a session. */
const FIRST_STREAM_ID = 0n;
/** How long a refused client has to see why before the connection goes under it. */
const REFUSAL_LINGER_MS = 1_000;
/** And from there: a request that broke off was never going to end, and the answer is still on its way. */
const REFUSAL_SETTLE_MS = 100;

export interface AcceptContext {
  readonly limits: TransportLimits;
  readonly counters: TransportCounters;
  decide(request: SessionRequest): SessionDecision;
}

interface PendingSession {
  readonly connectStream: ConnectStream;
  readonly request: SessionRequest;
}

/** A session, or undefined when none came of the connection, which is then closed. */
export async function acceptSession(
  quic: QuicConnection,
  context: AcceptContext,
): Promise<QuicMediaSession | undefined> {
  const { limits, counters } = context;
  const connection = new Http3Connection(quic, counters);
  const asked = await unlessLate(readRequest(connection), limits.handshakeTimeoutMs).catch(() => undefined);
  if (asked === undefined) {
    counters.handshakesFailed++;
    connection.close(H3_NO_ERROR, 'No session was asked for');
    return undefined;
  }
  if ('status' in asked) {
    counters.requestsRefused++;
    await refuse(connection, asked.connectStream, { accept: false, status: asked.status });
    return undefined;
  }
  const decision = context.decide(asked.request);
  if (!decision.accept) {
    counters.requestsRefused++;
    await refuse(connection, asked.connectStream, decision);
    return undefined;
  }
  const { path, origin } = asked.request;
  const session = new QuicMediaSession({
    connection,
    connectStream: asked.connectStream,
    path,
    origin,
    limits,
    counters,
  });
  // When the connection ended meanwhile, the session says so.
  await asked.connectStream.sender.write(encodeResponse(200)).catch(() => undefined);
  return session;
}

async function readRequest(
  connection: Http3Connection,
): Promise<PendingSession | { readonly connectStream: ConnectStream; readonly status: number } | undefined> {
  await connection.sendSettings();
  const stream = await connection.nextBidirectional();
  if (stream === undefined) return undefined;
  if (stream.readable.id !== FIRST_STREAM_ID) {
    connection.fail(H3Faults.streamCreation);
    return undefined;
  }
  const connectStream = new ConnectStream(
    connection.receiver(stream.readable),
    connection.sender(stream.writable),
  );
  // The request must wait for the settings (draft-ietf-webtrans-http3 §3.1): they say whether datagrams may be sent.
  const [fields] = await Promise.all([connectStream.fields, connection.settings]);
  if (fields === undefined) {
    const end = await connectStream.end;
    if (end.kind === 'fault' && end.fault === H3Faults.headerSectionTooLarge)
      return { connectStream, status: 431 };
    if (end.kind === 'fault') connection.fail(end.fault);
    return undefined;
  }
  const request = readConnectRequest(fields);
  if (!request.ok) return { connectStream, status: request.reason.status };
  return {
    connectStream,
    request: { ...request.value, remoteAddress: formatAddress(connection.quic.remoteAddr) },
  };
}

async function refuse(
  connection: Http3Connection,
  connectStream: ConnectStream,
  refusal: SessionRefusal,
): Promise<void> {
  const { closed } = connection.quic;
  const answered = sayRefusal(connectStream, refusal);
  const seen = answered.then(() => connectStream.finished);
  await unlessLate(Promise.race([seen, closed]), REFUSAL_LINGER_MS).catch(() => undefined);
  await unlessLate(closed, REFUSAL_SETTLE_MS).catch(() => undefined);
  connection.close(H3_NO_ERROR, '');
}

async function sayRefusal(connectStream: ConnectStream, refusal: SessionRefusal): Promise<void> {
  const { sender } = connectStream;
  if ('status' in refusal) {
    await sender.write(encodeResponse(refusal.status));
    await sender.close();
    return;
  }
  await sender.write(encodeResponse(200));
  await connectStream.sendClose(refusal.close);
}
