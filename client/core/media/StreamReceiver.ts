/**
 * Gets what arrives of one subscribed stream, checked (ledger MH-10) and without duplicates. `bytes` starts with the
 * 42-byte header and is the callee's to keep; read it with shared/frame/read. `arrivalMs` is monotonic.
 */
export interface StreamReceiver {
  onDatagram(bytes: Uint8Array, arrivalMs: number): void;
  /** A whole frame that came on a media stream. Without this, such frames are counted and dropped. */
  onStreamFrame?(bytes: Uint8Array, arrivalMs: number): void;
}
