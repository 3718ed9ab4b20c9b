// The value of a capsule that closes a session: a code of 32 bits and a reason (draft-ietf-webtrans-http3 §6, and the same
// in draft-ietf-webtrans-http2 §6.12).
import { encodeCloseReason, MAX_CLOSE_REASON_BYTES } from './closeReason.ts';

export interface CloseValue {
  /** Application code, 32 bits. */
  readonly code: number;
  readonly reason: string;
}

const CODE_BYTES = 4;
export const MAX_CLOSE_VALUE_BYTES = CODE_BYTES + MAX_CLOSE_REASON_BYTES;

/** A reason over 1,024 bytes is cut at a character. */
export function encodeCloseValue({ code, reason }: CloseValue): Uint8Array {
  const text = encodeCloseReason(reason);
  const value = new Uint8Array(CODE_BYTES + text.length);
  new DataView(value.buffer).setUint32(0, code >>> 0);
  value.set(text, CODE_BYTES);
  return value;
}

/** Undefined when the value is too short, too long, or its reason is not UTF-8. */
export function decodeCloseValue(value: Uint8Array): CloseValue | undefined {
  if (value.length < CODE_BYTES || value.length > MAX_CLOSE_VALUE_BYTES) return undefined;
  const code = new DataView(value.buffer, value.byteOffset).getUint32(0);
  try {
    return { code, reason: new TextDecoder('utf-8', { fatal: true }).decode(value.subarray(CODE_BYTES)) };
  } catch {
    return undefined;
  }
}
