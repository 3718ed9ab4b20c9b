// How a pinned request fails, for callers to act on.

/**
 * `refused_certificate`: somebody else answers at that address. `unreachable`: no connection, or it broke. `timeout`,
 * `answer_too_large`, `overloaded`: a bound of this client was passed. `closed`: close() was called.
 */
export type PinnedRequestFailure =
  | 'refused_certificate'
  | 'unreachable'
  | 'timeout'
  | 'answer_too_large'
  | 'overloaded'
  | 'closed';

export class PinnedRequestError extends Error {
  override readonly name = 'PinnedRequestError';
  readonly reason: PinnedRequestFailure;

  constructor(reason: PinnedRequestFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  /** Whether the peer's machine was reached, and refused the connection: no process has this port. */
  get nobodyListens(): boolean {
    return this.reason === 'unreachable' && (this.cause as NodeJS.ErrnoException)?.code === 'ECONNREFUSED';
  }
}

/** A connection that could not be made, or broke. */
export function unreachable(peer: string, cause: unknown): PinnedRequestError {
  const { message = String(cause), code = '' } =
    cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  return new PinnedRequestError('unreachable', `Cannot reach ${peer}: ${message || code}`, { cause });
}
