// The floor that the worker is compared with: a relay on the same QUIC engine, with the same options, that does nothing but
// read a datagram and send it to every other connection. No HTTP/3, no header, no table, no bound, no counter.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type QuicConnection, quicApi } from '../../../media-node/transport/deno/quic.ts';
import { ALPN_PROTOCOLS, transportOptions } from '../../../media-node/transport/deno/transportOptions.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import type { BareRelayPlan } from './plan.ts';

const connections: QuicConnection[] = [];

function ignore(): void {}

async function serve(connection: QuicConnection): Promise<void> {
  connections.push(connection);
  connection.closed.then(ignore, ignore);
  try {
    for (;;) {
      const bytes = await connection.readDatagram();
      for (const other of connections) if (other !== connection) other.sendDatagram(bytes).catch(ignore);
    }
  } catch {
    connections.splice(connections.indexOf(connection), 1);
  }
}

async function listen(plan: BareRelayPlan): Promise<void> {
  const endpoint = new (quicApi().QuicEndpoint)({ hostname: plan.hostname, port: 0 });
  const listener = endpoint.listen({
    ...transportOptions(DEFAULT_TRANSPORT_LIMITS),
    alpnProtocols: ALPN_PROTOCOLS,
    cert: plan.certificatePem,
    key: plan.privateKeyPem,
  });
  process.stdout.write(`${JSON.stringify({ port: endpoint.addr.port })}\n`);
  for (;;) void serve(await (await listener.incoming()).accept());
}

globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
for await (const line of createInterface({ input: process.stdin })) {
  await listen(JSON.parse(line) as BareRelayPlan);
}
