// Runs in the Deno binary: a server that browsers try themselves on, which does what the path of a session says. Gets its
// certificate as one line of JSON on standard input; writes its port, and then what it saw of each session, as lines of JSON.
import { AddressGate } from '../../../../media-node/transport/AddressGate.ts';
import { listenQuic } from '../../../../media-node/transport/deno/listen.ts';
import { installRejectionGuard } from '../../../../media-node/transport/deno/rejectionGuard.ts';
import {
  type BidirectionalStream,
  DEFAULT_TRANSPORT_LIMITS,
  type MediaSession,
  type ReceiveStream,
  type SessionDecision,
  StreamClosedError,
} from '../../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../../shared/base/clock.ts';
import { createLogger } from '../../../../shared/base/log.ts';
import { readAll } from '../harness.ts';
import { readInput } from '../inDeno.ts';
import type { PeerEvent } from './report.ts';

/** A browser that goes away without a word is to be missed within a few seconds. */
const LIMITS = { ...DEFAULT_TRANSPORT_LIMITS, idleTimeoutMs: 3_000, keepAliveIntervalMs: 1_000 };

const DECISIONS: Readonly<Record<string, SessionDecision>> = {
  '/refused': { accept: false, status: 404 },
  '/refused-with-reason': { accept: false, close: { code: 4429, reason: 'Too many sessions' } },
};

async function main(): Promise<void> {
  const input = await readInput();
  installRejectionGuard(() => createLogger({ level: 'error', write: (line) => console.error(line) }));
  const listener = await listenQuic({
    hostname: '127.0.0.1',
    port: input.port,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits: LIMITS,
    gate: new AddressGate(LIMITS, systemClock),
    onRequest: ({ path }) => DECISIONS[path] ?? { accept: true },
    onSession: serve,
  });
  report({ type: 'listening', port: listener.port });
}

function serve(session: MediaSession): void {
  const path = session.path.split('?', 1)[0] ?? '';
  report({ type: 'session', path, origin: session.origin, query: session.path.slice(path.length) });
  session.setHandlers({
    onDatagram: (bytes, at) => {
      if (path === '/closed-by-server') session.close(4403, 'Removed by the host');
      else session.sendDatagram(bytes, at);
    },
    onBidirectionalStream: (stream) => attempt(path, () => echo(stream)),
    onReceiveStream: (stream) => {
      report({ type: 'stream', path });
      attempt(path, () => sendBack(session, stream));
    },
    onClose: (close) => report({ type: 'closed', path, close }),
  });
  if (path === '/server-streams') attempt(path, () => openStreams(session));
  if (path === '/endless') attempt(path, () => sendWithoutEnd(session));
  if (path === '/abandoned') attempt(path, () => abandonStream(session));
}

async function echo({ receive, send }: BidirectionalStream): Promise<void> {
  await send.write(await readAll(receive));
  await send.close();
}

async function sendBack(session: MediaSession, incoming: ReceiveStream): Promise<void> {
  const stream = await session.openSendStream();
  await stream.write(await readAll(incoming));
  await stream.close();
}

/** A unidirectional stream, and a bidirectional one whose answer is sent back on another. */
async function openStreams(session: MediaSession): Promise<void> {
  const alone = await session.openSendStream();
  await alone.write(new Uint8Array(50_000).fill(1));
  await alone.close();
  const both = await session.openBidirectionalStream();
  await both.send.write(new Uint8Array(1_000).fill(2));
  await both.send.close();
  await sendBack(session, both.receive);
}

async function sendWithoutEnd(session: MediaSession): Promise<void> {
  const stream = await session.openSendStream();
  for (;;) await stream.write(new Uint8Array(1_000));
}

async function abandonStream(session: MediaSession): Promise<void> {
  const stream = await session.openSendStream();
  await stream.write(new Uint8Array(100));
  stream.reset(3);
}

/** Says how a stream ended that was not ended well. */
function attempt(path: string, run: () => Promise<void>): void {
  run().catch((error: unknown) => {
    const code = error instanceof StreamClosedError ? error.code : undefined;
    report({ type: 'streamEnded', path, ...(code === undefined ? {} : { code }) });
  });
}

function report(event: PeerEvent): void {
  console.log(JSON.stringify(event));
}

await main();
