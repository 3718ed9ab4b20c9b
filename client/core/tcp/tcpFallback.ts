// QUIC with a head start, then TCP beside it: the first session that is ready is used (compare RFC 8305). Only with servers
// that say in their URL that they take TCP.
import { tcpUrl } from '../../../shared/webtransport/sessionUrl.ts';
import type { Timers } from '../timers.ts';
import type { ClientTransport, TransportFactory } from '../transport.ts';
import { RacingTransport } from './RacingTransport.ts';

/** QUIC is ready within three round trips; a network that drops its packets says nothing, and a person waits. */
const HEAD_START_MS = 1_500;

export interface TcpFallbackOptions {
  /** QUIC. */
  readonly transport: TransportFactory;
  readonly timers: Timers;
  /** Brings the code for TCP, which most never need. */
  readonly load?: () => Promise<(url: string) => ClientTransport>;
}

/** A factory that remembers: once TCP was first, it gives QUIC no head start any more. */
export function withTcpFallback(options: TcpFallbackOptions): TransportFactory {
  const { transport, timers, load = () => loadWebSocketTransport(timers) } = options;
  let headStartMs = HEAD_START_MS;
  return (url, certificateHashes) => {
    const overTcp = tcpUrl(url);
    if (overTcp === undefined) return transport(url, certificateHashes);
    return new RacingTransport({
      first: () => transport(url, certificateHashes),
      second: async () => (await load())(overTcp),
      headStartMs,
      timers,
      onSecondWon: () => {
        headStartMs = 0;
      },
    });
  };
}

async function loadWebSocketTransport(timers: Timers): Promise<(url: string) => ClientTransport> {
  const { WebSocketTransport } = await import('./WebSocketTransport.ts');
  return (url) => new WebSocketTransport({ url, timers });
}
