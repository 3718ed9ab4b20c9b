// Bounds on what one participant can make the controller hold or do (ledger MH-10).

/** Streams that a participant has published at once. */
export const MAX_STREAMS_PER_PARTICIPANT = 16;
/** Part of a join answer given to the other participants, bytes; those over it follow as notices right behind it. */
export const MAX_ROSTER_BYTES = 48 * 1024;

export interface SignalingLimits {
  /** Client messages taken at once; past the rate below, one more closes the session. */
  readonly messageBurst: number;
  readonly messagesPerSecond: number;
  /** Requests that wait behind the one being carried out; one more closes the session. */
  readonly maxPendingRequests: number;
  /** Messages on their way to a participant whose stream does not take them; one more closes the session. */
  readonly maxOutgoingMessages: number;
  /** The same in bytes, lengths included. */
  readonly maxOutgoingBytes: number;
  /** What a closing session may take to hand over its last messages, ms. */
  readonly closeGraceMs: number;
}

/** Wide enough for who joins a meeting of a hundred and subscribes to everything in one go. */
export const DEFAULT_SIGNALING_LIMITS: SignalingLimits = {
  messageBurst: 500,
  messagesPerSecond: 100,
  maxPendingRequests: 512,
  maxOutgoingMessages: 2_048,
  maxOutgoingBytes: 1_000_000,
  closeGraceMs: 1_000,
};
