// Which datagrams of one stream one subscriber is not sent when there is no room for all (ledger MH-4): first discardable
// frames, then delta frames, then key frames, sound last. What was begun is finished where there is room, and what can no
// longer be decoded is not sent: the rest of a frame, and the frames that refer to it, until a key frame. Reads the header
// only while something is held back. Per datagram it allocates nothing.
import { FrameType, OFFSET_SEQUENCE } from '../../shared/frame/layout.ts';
import {
  isDiscardable,
  readBaseFrame,
  readFragmentIndex,
  readTemporalLayer,
  readType,
  readUint32,
} from '../../shared/frame/read.ts';
import { Pressure } from './SendWindow.ts';

/** Outcomes beside SendOutcome's, which they follow: places in the destination's drop reasons. */
export const GateOutcome = {
  pass: 0,
  /** No room for this datagram at all: the number of SendOutcome.congested. */
  congested: 1,
  discardable: 4,
  delta: 5,
  /** Part of a frame, or refers to one, that this subscriber does not have. */
  undecodable: 6,
} as const;
export type GateOutcome = (typeof GateOutcome)[keyof typeof GateOutcome];

/** Sequence numbers after which no datagram of a frame that was dropped is expected any more. */
const FRAME_SPAN = 1_024;
/** While waiting for a key frame one datagram in this many repeats the wish for one. */
const WISH_EVERY = 64;

const OPEN = 0;
/** Frames of the missing one's temporal layer and above are out until the base frame changes. */
const AWAITS_BASE = 1;
const AWAITS_KEY = 2;

export class FrameGate {
  #state: typeof OPEN | typeof AWAITS_BASE | typeof AWAITS_KEY = OPEN;
  #idle = true;
  #hasDroppedFrame = false;
  #droppedFrame = 0;
  #missingBase = 0;
  #missingTemporalLayer = 0;
  #waited = 0;
  #wantsKeyFrame = false;

  /** Nothing is held back: only pressure can make check() answer anything but pass. */
  get idle(): boolean {
    return this.#idle;
  }

  /** Whether a key frame should be asked for; asking is remembered for a while. */
  takeKeyFrameWish(): boolean {
    const wish = this.#wantsKeyFrame;
    this.#wantsKeyFrame = false;
    return wish;
  }

  /** Whether the valid media datagram bytes[at..] is to be sent under this pressure. */
  check(bytes: Uint8Array, at: number, pressure: Pressure): GateOutcome {
    const type = readType(bytes, at);
    if (type === FrameType.audio) return pressure >= Pressure.all ? GateOutcome.congested : GateOutcome.pass;
    const fragment = readFragmentIndex(bytes, at);
    const frame = (readSequence32(bytes, at) - fragment) | 0;
    if (this.#hasDroppedFrame) {
      if (frame === this.#droppedFrame) return GateOutcome.undecodable;
      if (((frame - this.#droppedFrame) | 0) > FRAME_SPAN) this.#hasDroppedFrame = false;
    }
    const outcome =
      type === FrameType.videoKey
        ? this.#checkKey(fragment, pressure)
        : this.#checkDelta(bytes, at, fragment, pressure);
    if (
      outcome === GateOutcome.congested ||
      outcome === GateOutcome.delta ||
      outcome === GateOutcome.discardable
    )
      this.refused(bytes, at);
    this.#idle = this.#state === OPEN && !this.#hasDroppedFrame;
    return outcome;
  }

  /** This datagram passed and was then not sent: what belongs to it is held back as well. */
  refused(bytes: Uint8Array, at: number): void {
    const type = readType(bytes, at);
    if (type === FrameType.audio) return;
    this.#hasDroppedFrame = true;
    this.#droppedFrame = (readSequence32(bytes, at) - readFragmentIndex(bytes, at)) | 0;
    this.#idle = false;
    if (this.#state === AWAITS_KEY || (type === FrameType.videoDelta && isDiscardable(bytes, at))) return;
    const temporalLayer = readTemporalLayer(bytes, at);
    if (type === FrameType.videoKey || temporalLayer === 0) {
      this.#state = AWAITS_KEY;
      this.#waited = 0;
      return;
    }
    const base = readBaseFrame(bytes, at);
    const alreadyLower =
      this.#state === AWAITS_BASE && this.#missingBase === base && this.#missingTemporalLayer < temporalLayer;
    this.#state = AWAITS_BASE;
    if (alreadyLower) return;
    this.#missingBase = base;
    this.#missingTemporalLayer = temporalLayer;
  }

  /** A key frame goes to the subscriber on a stream of its own: deltas may follow. */
  keyFrameOnStream(): void {
    this.#state = OPEN;
    this.#wantsKeyFrame = false;
    this.#idle = !this.#hasDroppedFrame;
  }

  #checkKey(fragment: number, pressure: Pressure): GateOutcome {
    if (fragment !== 0) return pressure >= Pressure.all ? GateOutcome.congested : GateOutcome.pass;
    if (pressure >= Pressure.key) return GateOutcome.congested;
    this.#state = OPEN;
    this.#wantsKeyFrame = false;
    return GateOutcome.pass;
  }

  #checkDelta(bytes: Uint8Array, at: number, fragment: number, pressure: Pressure): GateOutcome {
    if (this.#state === AWAITS_KEY) {
      if (pressure === Pressure.none && this.#waited++ % WISH_EVERY === 0) this.#wantsKeyFrame = true;
      return GateOutcome.undecodable;
    }
    if (this.#state === AWAITS_BASE) {
      const base = readBaseFrame(bytes, at);
      if (base !== this.#missingBase) this.#state = OPEN;
      else if (readTemporalLayer(bytes, at) >= this.#missingTemporalLayer) return GateOutcome.undecodable;
    }
    if (pressure === Pressure.none) return GateOutcome.pass;
    if (pressure >= Pressure.all) return GateOutcome.congested;
    // A frame whose first datagram has gone out is finished: its rest is worth more than the next frame's beginning.
    if (fragment !== 0) return GateOutcome.pass;
    if (isDiscardable(bytes, at)) return GateOutcome.discardable;
    return pressure >= Pressure.delta ? GateOutcome.delta : GateOutcome.pass;
  }
}

/** Lower half of the sequence number, as a signed integer: a small number to V8, whatever its value. */
export function readSequence32(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + OFFSET_SEQUENCE + 4) | 0;
}
