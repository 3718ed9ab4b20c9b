// Capsules (RFC 9297 §3.2) of a WebTransport session: the close is read, all others (drain, reserved, unknown) are
// skipped.
import { err, ok, type Result } from '../../../shared/base/result.ts';
import { encodeCloseReason, MAX_CLOSE_REASON_BYTES } from '../closeReason.ts';
import { concatBytes } from './bytes.ts';
import { Bounds, CapsuleType } from './constants.ts';
import { encodeTlv } from './encodeTlv.ts';
import { type H3Fault, H3Faults } from './fault.ts';
import { TlvReader } from './TlvReader.ts';

export interface CloseCapsule {
  /** Application code, 32 bits. */
  readonly code: number;
  readonly reason: string;
}

const CODE_BYTES = 4;
const MAX_CLOSE_BYTES = CODE_BYTES + MAX_CLOSE_REASON_BYTES;

/** A close capsule. A reason over 1,024 bytes is cut at a character. */
export function encodeCloseCapsule(close: CloseCapsule): Uint8Array {
  const code = new Uint8Array(CODE_BYTES);
  new DataView(code.buffer).setUint32(0, close.code >>> 0);
  return encodeTlv(CapsuleType.closeSession, concatBytes(code, encodeCloseReason(close.reason)));
}

/** The value of a close capsule; a reason that is not UTF-8 is a fault. */
export function decodeCloseCapsule(value: Uint8Array): Result<CloseCapsule, H3Fault> {
  if (value.length < CODE_BYTES || value.length > MAX_CLOSE_BYTES) return err(H3Faults.capsule);
  const code = new DataView(value.buffer, value.byteOffset).getUint32(0);
  try {
    return ok({ code, reason: new TextDecoder('utf-8', { fatal: true }).decode(value.subarray(CODE_BYTES)) });
  } catch {
    return err(H3Faults.capsule);
  }
}

/** Reads the capsules that the DATA frames of a session's CONNECT stream hold. */
export class CapsuleReader {
  readonly #capsules: TlvReader;

  constructor(onClose: (close: CloseCapsule) => void) {
    this.#capsules = new TlvReader({
      plan: (type, length) => {
        if (type === CapsuleType.closeSession) return length > MAX_CLOSE_BYTES ? H3Faults.capsule : 'gather';
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
