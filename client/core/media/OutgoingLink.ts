import type { DatagramWriter } from './DatagramWriter.ts';

/** A connection as a published stream sends over it. */
export interface OutgoingLink {
  readonly writer: DatagramWriter;
  /** Largest payload of a datagram now, bytes. */
  readonly maxFragmentBytes: () => number;
  readonly openStream: () => Promise<WritableStream<Uint8Array>>;
}
