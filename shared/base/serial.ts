// Serial number arithmetic (RFC 1982): comparisons that survive the wrap, by half range.

/** How far `a` is ahead of `b` modulo 65,536: -32,768 to 32,767. */
export function serialDistance16(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** How far `a` is ahead of `b` modulo 2^32: -2^31 to 2^31 - 1. */
export function serialDistance32(a: number, b: number): number {
  return (a - b) | 0;
}
