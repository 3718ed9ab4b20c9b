// Runs in the Deno binary: a server that a browser tries itself on. Gets its certificate as one line of JSON on standard
// input; writes its port, and then what it saw of each session, as lines of JSON.
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import { listenQuic } from '../../../media-node/transport/deno/listen.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type MediaSession,
  type ReceiveStream,
  StreamClosedError,
} from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { readAll } from './harness.ts';
import { readInput } from './inDeno.ts';
import type { PeerEvent } from './report.ts';

async function main(): Promise<void> {
  const input = await readInput();
  const listener = await listenQuic({
    hostname: '127.0.0.1',
    port: input.port,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits: DEFAULT_TRANSPORT_LIMITS,
    gate: new AddressGate(DEFAULT_TRANSPORT_LIMITS, systemClock),
    onRequest: ({ path }) => (path === '/refused' ? { accept: false, status: 404 } : { accept: true }),
    onSession: serve,
  });
  report({ type: 'listening', port: listener.port });
}

function serve(session: MediaSession): void {
  const { path } = session;
  report({ type: 'session', path, origin: session.origin });
  session.setHandlers({
    onDatagram: (bytes, at) => {
      if (path === '/closed-by-server') session.close(4403, 'Removed by the host');
      else session.sendDatagram(bytes, at);
    },
    onBidirectionalStream: ({ receive, send }) => {
      void (async () => {
        await send.write(await readAll(receive));
        await send.close();
      })().catch(() => undefined); // The session has ended, which onClose reports.
    },
    onReceiveStream: (stream) => {
      report({ type: 'stream', path });
      void answer(session, stream);
    },
    onClose: (close) => report({ type: 'closed', path, close }),
  });
}

/** Sends what came on a stream back on one of our own, both kinds; says how a stream ended that was not ended well. */
async function answer(session: MediaSession, incoming: ReceiveStream): Promise<void> {
  try {
    const bytes = await readAll(incoming);
    const alone = await session.openSendStream();
    await alone.write(bytes);
    await alone.close();
    const both = await session.openBidirectionalStream();
    await both.send.write(bytes);
    for (;;) await both.send.write(new Uint8Array(100));
  } catch (error) {
    const code = error instanceof StreamClosedError ? error.code : undefined;
    report({ type: 'streamEnded', path: session.path, ...(code === undefined ? {} : { code }) });
  }
}

function report(event: PeerEvent): void {
  console.log(JSON.stringify(event));
}

await main();
