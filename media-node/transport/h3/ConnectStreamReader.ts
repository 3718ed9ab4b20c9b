// One direction of the CONNECT stream: a header section, then DATA frames that hold capsules. Unknown frames are
// skipped; everything that is kept is bounded (ledger MH-10).
import { CapsuleReader, type CloseCapsule } from './capsule.ts';
import { Bounds, FORBIDDEN_FRAME_TYPES, FrameType } from './constants.ts';
import { type H3Fault, H3Faults } from './fault.ts';
import { decodeFieldSection, type Field } from './qpack.ts';
import { type TlvPlan, TlvReader } from './TlvReader.ts';

export interface ConnectStreamEvents {
  /** The request's or the final response's header section. Called once. */
  onFields(fields: readonly Field[]): void;
  /** The peer's close capsule. What follows it is not read. */
  onClose(close: CloseCapsule): void;
}

type State = 'headers' | 'capsules' | 'closed';

export class ConnectStreamReader {
  readonly #frames: TlvReader;
  readonly #capsules: CapsuleReader;
  #state: State = 'headers';

  constructor(events: ConnectStreamEvents) {
    this.#capsules = new CapsuleReader((close) => {
      if (this.#state === 'closed') return;
      this.#state = 'closed';
      events.onClose(close);
    });
    this.#frames = new TlvReader({
      plan: (type, length) => this.#plan(type, length),
      onValue: (_type, section) => {
        const fields = decodeFieldSection(section);
        if (!fields.ok) return fields.reason;
        if (isInterim(fields.value)) return undefined;
        this.#state = 'capsules';
        events.onFields(fields.value);
        return undefined;
      },
      onPiece: (_type, piece) => (this.#state === 'capsules' ? this.#capsules.push(piece) : undefined),
    });
  }

  push(chunk: Uint8Array): H3Fault | undefined {
    return this.#frames.push(chunk);
  }

  /** The stream ended here: a fault when that cut a frame or came before the header section. */
  end(): H3Fault | undefined {
    if (this.#state === 'headers') return H3Faults.requestIncomplete;
    return this.#frames.atBoundary || this.#state === 'closed' ? undefined : H3Faults.frameTruncated;
  }

  #plan(type: number, length: number): TlvPlan {
    if (type === FrameType.headers) {
      if (this.#state !== 'headers') return 'skip';
      return length > Bounds.headersFrameBytes ? H3Faults.headerSectionTooLarge : 'gather';
    }
    if (type === FrameType.data) return this.#state === 'headers' ? H3Faults.frameUnexpected : 'stream';
    const isMisplaced =
      type === FrameType.settings || type === FrameType.pushPromise || FORBIDDEN_FRAME_TYPES.has(type);
    return isMisplaced ? H3Faults.frameUnexpected : 'skip';
  }
}

/** A 1xx response, after which the final one comes (RFC 9110 §15.2). */
function isInterim(fields: readonly Field[]): boolean {
  return fields.some(({ name, value }) => name === ':status' && value.startsWith('1'));
}
