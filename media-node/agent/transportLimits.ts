// Bounds on what one client, and one address, can make a worker of each role hold (ledger MH-10).
import { DEFAULT_TRANSPORT_LIMITS, type TransportLimits } from '../transport/MediaSession.ts';
import type { MediaNodeConfig, NodeRole } from './config.ts';

const INCOMING_STREAMS: Readonly<Record<NodeRole, number>> = {
  // The signaling stream is a bidirectional one; anything else is refused as it comes.
  controller: 4,
  // As many as a media session reads at once. What is not read of each can make the engine hold 1.25 MB.
  handler: 16,
};
/** Of handshakes from one address: people behind a NAT come together when their meeting begins. */
const BURST_SECONDS = 5;

export function transportLimits(
  role: NodeRole,
  config: Pick<MediaNodeConfig, 'maxSessionsPerAddress' | 'handshakesPerAddress'>,
): TransportLimits {
  return {
    ...DEFAULT_TRANSPORT_LIMITS,
    maxIncomingStreams: INCOMING_STREAMS[role],
    maxSessionsPerAddress: config.maxSessionsPerAddress,
    handshakesPerSecondPerAddress: config.handshakesPerAddress,
    handshakeBurstPerAddress: Math.max(1, config.handshakesPerAddress * BURST_SECONDS),
  };
}
