// Variable-length integers (RFC 9000 §16): the two high bits of the first byte give the length, 1, 2, 4 or 8 bytes.

const TWO_30 = 2 ** 30;
const TWO_32 = 2 ** 32;

/** Bytes of the integer that begins with this byte. */
export function varintLength(firstByte: number): number {
  return 1 << (firstByte >> 6);
}

/** @throws RangeError when the value is not a whole number from 0 to 2^53 - 1. */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`Varint must be a whole number from 0 to 2^53 - 1: got ${value}`);
  if (value < 0x40) return Uint8Array.of(value);
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value & 0xff);
  if (value < TWO_30)
    return Uint8Array.of(0x80 | (value >> 24), (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / TWO_32));
  view.setUint32(4, value >>> 0);
  bytes[0] = 0xc0 | (bytes[0] ?? 0);
  return bytes;
}

/**
 * The integer whose first byte is at `at`, or undefined when the bytes end within it. Values over 2^53 come out rounded.
 */
export function readVarint(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at];
  if (first === undefined || at + varintLength(first) > bytes.length) return undefined;
  let value = first & 0x3f;
  const end = at + varintLength(first);
  for (let index = at + 1; index < end; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

/**
 * Takes a varint byte by byte. Values over 2^53 come out rounded, which is harmless here: they are only compared with
 * small known code points and bounds, and a rounded one equals none of them.
 */
export class VarintReader {
  #remaining = 0;
  #value = 0;

  /** True within an integer: some of its bytes came and some did not. */
  get partial(): boolean {
    return this.#remaining > 0;
  }

  /** The integer when this byte completes it. */
  push(byte: number): number | undefined {
    if (this.#remaining === 0) {
      this.#remaining = varintLength(byte);
      this.#value = byte & 0x3f;
    } else {
      this.#value = this.#value * 256 + byte;
    }
    this.#remaining--;
    return this.#remaining === 0 ? this.#value : undefined;
  }
}
