// How a stream's 32-bit application code travels in RESET_STREAM and STOP_SENDING (draft-ietf-webtrans-http3 §4.4): in a
// range of HTTP/3 error codes, around the reserved ones, of which every 31st (0x1f * n + 0x21) is.

const FIRST = 0x52e4a40fa8db;
const LAST = 0x52e5ac983162;
const RESERVED_EVERY = 0x1f;
const RESERVED_OFFSET = 0x21;

/** @param code from 0 to 2^32 - 1. */
export function toHttp3Code(code: number): number {
  return FIRST + code + Math.floor(code / (RESERVED_EVERY - 1));
}

/** The application code, or undefined when the HTTP/3 code holds none. */
export function fromHttp3Code(http3Code: number): number | undefined {
  if (http3Code < FIRST || http3Code > LAST || !Number.isInteger(http3Code)) return undefined;
  if ((http3Code - RESERVED_OFFSET) % RESERVED_EVERY === 0) return undefined;
  const shifted = http3Code - FIRST;
  return shifted - Math.floor(shifted / RESERVED_EVERY);
}
