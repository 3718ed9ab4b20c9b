// The two ways in which a bench client is connected: to the worker as a participant is, to the bare relay with a connection
// and nothing else. Both hand over datagrams the same way.

import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { quicApi } from '../../../media-node/transport/deno/quic.ts';
import { ALPN_PROTOCOLS, transportOptions } from '../../../media-node/transport/deno/transportOptions.ts';
import {
  DATAGRAM_PREFIX_BYTES,
  DEFAULT_TRANSPORT_LIMITS,
  type MediaSession,
  type SessionHandlers,
} from '../../../media-node/transport/MediaSession.ts';
import { decodeMediaServerMessage, frameMediaClientMessage } from '../../../shared/media-session/messages.ts';
import { FramedReader } from '../../../shared/signaling/framing.ts';
import { tcpUrl } from '../../../shared/webtransport/sessionUrl.ts';
import { dialTcp } from '../../support/dialTcp.ts';

/** One connection of one seat to one side. */
export interface End {
  /** Sends bytes[1..]: the first byte is room for the transport's prefix. */
  send(bytes: Uint8Array): void;
  close(): void;
}

export type OnDatagram = (bytes: Uint8Array, at: number) => void;

export async function connectToWorker(
  url: string,
  certificateHash: Uint8Array,
  connectionToken: string,
  onDatagram: OnDatagram,
): Promise<End> {
  const session = await openMediaSession(url, certificateHash, connectionToken, { onDatagram });
  return {
    send: (bytes) => void session.sendDatagram(bytes, DATAGRAM_PREFIX_BYTES),
    close: () => session.close(0, 'done'),
  };
}

/** An authenticated session. Streams of the worker's that nobody handles are left unread. */
export async function openMediaSession(
  url: string,
  certificateHash: Uint8Array,
  connectionToken: string,
  handlers: Pick<SessionHandlers, 'onDatagram'> & Partial<SessionHandlers>,
): Promise<MediaSession> {
  const dial = tcpUrl(url) === undefined ? dialSession : dialTcp;
  const session = await dial({
    url,
    certificateHashes: [certificateHash],
    // The client must not be what limits: it sends in the bursts of its timer.
    limits: { ...DEFAULT_TRANSPORT_LIMITS, maxDatagramsInFlight: 4_096 },
  });
  session.setHandlers({
    onBidirectionalStream: () => undefined,
    onReceiveStream: () => undefined,
    onClose: () => undefined,
    ...handlers,
  });
  const control = await session.openBidirectionalStream();
  await control.send.write(frameMediaClientMessage({ auth: { connectionToken } }));
  const framing = new FramedReader();
  let accepted = false;
  while (!accepted) {
    const chunk = await control.receive.read();
    if (chunk === undefined) throw new Error('The worker ended the control stream before it answered');
    framing.push(chunk, (body) => {
      const message = decodeMediaServerMessage(body);
      if (message.ok && message.value.payload === 'authOk') accepted = true;
    });
  }
  return session;
}

export async function connectToBareRelay(
  url: string,
  certificateHash: Uint8Array,
  onDatagram: OnDatagram,
): Promise<End> {
  const { hostname, port } = new URL(url);
  const connection = await quicApi().connectQuic({
    ...transportOptions(DEFAULT_TRANSPORT_LIMITS),
    hostname,
    port: Number(port),
    alpnProtocols: ALPN_PROTOCOLS,
    serverCertificateHashes: [{ algorithm: 'sha-256', value: certificateHash }],
  });
  const over = (): void => undefined;
  connection.closed.then(over, over);
  void (async () => {
    for (;;) onDatagram(await connection.readDatagram(), DATAGRAM_PREFIX_BYTES);
  })().catch(over);
  return {
    send: (bytes) => void connection.sendDatagram(bytes).catch(over),
    close: () => connection.close({ closeCode: 0, reason: 'done' }),
  };
}
