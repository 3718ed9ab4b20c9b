/** Thrown by stream reads and writes when the peer reset the stream, stopped reading it, or the session ended. */
export class StreamClosedError extends Error {
  override readonly name = 'StreamClosedError';
  /** The peer's application code, when there was one. */
  readonly code: number | undefined;

  constructor(message: string, code?: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
