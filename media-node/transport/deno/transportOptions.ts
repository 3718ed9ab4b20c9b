import type { TransportLimits } from '../MediaSession.ts';
import type { QuicTransportOptions } from './quic.ts';

/** HTTP/3's control stream, QPACK's two, and one of a reserved type. */
const HTTP3_UNIDIRECTIONAL_STREAMS = 4;
/** The CONNECT stream. */
const HTTP3_BIDIRECTIONAL_STREAMS = 1;

export const ALPN_PROTOCOLS = ['h3'] as const;

/** A session has one control stream; the rest is room for a client that opens the next before the last is done. */
const MAX_SESSION_BIDIRECTIONAL_STREAMS = 8;

/**
 * The engine's own bounds. What a peer sends and nobody reads is bounded by its streams: the engine's receive window is
 * 1.25 MB a stream, which Deno does not let us change, so maxIncomingStreams bounds the memory of a session.
 */
export function transportOptions(limits: TransportLimits): QuicTransportOptions {
  return {
    keepAliveInterval: limits.keepAliveIntervalMs,
    maxIdleTimeout: limits.idleTimeoutMs,
    maxConcurrentBidirectionalStreams:
      Math.min(limits.maxIncomingStreams, MAX_SESSION_BIDIRECTIONAL_STREAMS) + HTTP3_BIDIRECTIONAL_STREAMS,
    maxConcurrentUnidirectionalStreams: limits.maxIncomingStreams + HTTP3_UNIDIRECTIONAL_STREAMS,
    // BBR: with the default a lossy path collapses to a fraction of its capacity and seconds of delay.
    congestionControl: 'low-latency',
  };
}
