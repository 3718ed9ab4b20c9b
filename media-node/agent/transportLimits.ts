// Bounds on what one client can make a worker of each role hold (ledger MH-10).
import { DEFAULT_TRANSPORT_LIMITS, type TransportLimits } from '../transport/MediaSession.ts';
import type { NodeRole } from './config.ts';

export const TRANSPORT_LIMITS: Readonly<Record<NodeRole, TransportLimits>> = {
  // The signaling stream is a bidirectional one; anything else is refused as it comes.
  controller: { ...DEFAULT_TRANSPORT_LIMITS, maxIncomingStreams: 4 },
  // As many as a media session reads at once. What is not read of each can make the engine hold 1.25 MB.
  handler: { ...DEFAULT_TRANSPORT_LIMITS, maxIncomingStreams: 16 },
};
