// Length-prefixed messages on a byte stream: uint32 big-endian length, then that many bytes (ledger MC-1, MH-10).
import { readUint32 } from '../frame/read.ts';
import { writeUint32 } from '../frame/write.ts';

export const LENGTH_BYTES = 4;
/** Largest message body on signaling and media control streams. */
export const MAX_MESSAGE_BYTES = 65_536;

/**
 * A message behind its length.
 * @throws RangeError when it is over the bound: a sender's bug.
 */
export function encodeFramed(message: Uint8Array, maxBytes: number = MAX_MESSAGE_BYTES): Uint8Array {
  if (message.length > maxBytes)
    throw new RangeError(`Message must be at most ${maxBytes} bytes: got ${message.length}`);
  const framed = new Uint8Array(LENGTH_BYTES + message.length);
  writeUint32(framed, 0, message.length);
  framed.set(message, LENGTH_BYTES);
  return framed;
}

export type FramingFault = 'oversized' | 'empty';

/**
 * Takes chunks as they come and hands out whole messages. The announced length is checked before anything is buffered,
 * and memory held is never more than one message: a peer that announces too much is a fault, after which nothing more is
 * read (the stream can no longer be trusted to be aligned) and its owner closes the session.
 */
export class FramedReader {
  readonly #maxBytes: number;
  readonly #prefix = new Uint8Array(LENGTH_BYTES);
  #prefixFilled = 0;
  #message: Uint8Array | undefined;
  #messageFilled = 0;
  #fault: FramingFault | undefined;

  constructor(maxBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get fault(): FramingFault | undefined {
    return this.#fault;
  }

  /** True when the stream may end here without cutting a message. Never after a fault. */
  get atBoundary(): boolean {
    return this.#fault === undefined && this.#prefixFilled === 0 && this.#message === undefined;
  }

  /**
   * Calls onMessage for each message completed by this chunk; the bytes are the callee's to keep.
   * Returns the fault that stopped it, if any.
   */
  push(chunk: Uint8Array, onMessage: (message: Uint8Array) => void): FramingFault | undefined {
    let at = 0;
    while (at < chunk.length && this.#fault === undefined) {
      at =
        this.#message === undefined
          ? this.#takePrefix(chunk, at)
          : this.#takeMessage(this.#message, chunk, at, onMessage);
    }
    return this.#fault;
  }

  #takePrefix(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && this.#prefixFilled < LENGTH_BYTES)
      this.#prefix[this.#prefixFilled++] = chunk[at++] ?? 0;
    if (this.#prefixFilled < LENGTH_BYTES) return at;
    const length = readUint32(this.#prefix, 0);
    if (length > this.#maxBytes) this.#fault = 'oversized';
    else if (length === 0) this.#fault = 'empty';
    else this.#message = new Uint8Array(length);
    this.#prefixFilled = 0;
    return at;
  }

  #takeMessage(
    message: Uint8Array,
    chunk: Uint8Array,
    from: number,
    onMessage: (message: Uint8Array) => void,
  ): number {
    const part = chunk.subarray(from, from + message.length - this.#messageFilled);
    message.set(part, this.#messageFilled);
    this.#messageFilled += part.length;
    if (this.#messageFilled === message.length) {
      this.#message = undefined;
      this.#messageFilled = 0;
      onMessage(message);
    }
    return from + part.length;
  }
}
