/** Longest reason that a session's close carries, UTF-8 bytes (draft-ietf-webtrans-http3 §6). */
export const MAX_CLOSE_REASON_BYTES = 1_024;

/** The reason as UTF-8, cut at a character when it is too long. */
export function encodeCloseReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(MAX_CLOSE_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, bytes);
  return bytes.subarray(0, written);
}
