// Codes with which a WebTransport session is closed. They mirror HTTP status numbers plus 4000, so that a log line reads
// by itself; the reason sent along is a sentence a person can act on.

export const CloseCode = {
  /** Left, or ended as asked. */
  normal: 0,
  /** Malformed input: framing, protobuf, stream header. */
  invalidRequest: 4400,
  /** Wrong, expired or used token. */
  unauthorized: 4401,
  /** Removed by a host, or not allowed here. */
  forbidden: 4403,
  /** No such meeting, or it has ended. */
  notFound: 4404,
  /** No authentication or no heartbeat in time. */
  timedOut: 4408,
  /** The same participant joined again elsewhere. */
  conflict: 4409,
  /** A bound was passed: message size, streams, sessions, participants. */
  quotaExceeded: 4429,
  internalError: 4500,
  /** The node is going away; join again. */
  goingAway: 4503,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
