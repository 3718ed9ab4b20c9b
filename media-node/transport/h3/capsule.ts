// Capsules (RFC 9297 §3.2) of a WebTransport session: the close is read, all others (drain, reserved, unknown) are
// skipped.
import { err, ok, type Result } from '../../../shared/base/result.ts';
import {
  type CloseValue,
  decodeCloseValue,
  encodeCloseValue,
  MAX_CLOSE_VALUE_BYTES,
} from '../../../shared/webtransport/closeValue.ts';
import { Bounds, CapsuleType } from './constants.ts';
import { encodeTlv } from './encodeTlv.ts';
import { type H3Fault, H3Faults } from './fault.ts';
import { TlvReader } from './TlvReader.ts';

export type CloseCapsule = CloseValue;

/** A close capsule. A reason over 1,024 bytes is cut at a character. */
export function encodeCloseCapsule(close: CloseCapsule): Uint8Array {
  return encodeTlv(CapsuleType.closeSession, encodeCloseValue(close));
}

/** The value of a close capsule; a reason that is not UTF-8 is a fault. */
export function decodeCloseCapsule(value: Uint8Array): Result<CloseCapsule, H3Fault> {
  const close = decodeCloseValue(value);
  return close === undefined ? err(H3Faults.capsule) : ok(close);
}

/** Reads the capsules that the DATA frames of a session's CONNECT stream hold. */
export class CapsuleReader {
  readonly #capsules: TlvReader;

  constructor(onClose: (close: CloseCapsule) => void) {
    this.#capsules = new TlvReader({
      plan: (type, length) => {
        if (type === CapsuleType.closeSession)
          return length > MAX_CLOSE_VALUE_BYTES ? H3Faults.capsule : 'gather';
        return length > Bounds.capsuleBytes ? H3Faults.capsuleTooLarge : 'skip';
      },
      onValue: (_type, value) => {
        const close = decodeCloseCapsule(value);
        if (!close.ok) return close.reason;
        onClose(close.value);
        return undefined;
      },
      onPiece: () => undefined,
    });
  }

  push(chunk: Uint8Array): H3Fault | undefined {
    return this.#capsules.push(chunk);
  }
}
