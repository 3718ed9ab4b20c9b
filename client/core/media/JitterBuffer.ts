// Video frames in the order in which they can be decoded, each when it is due (protocol document, "Numbering").
import { serialDistance16 } from '../../../shared/base/serial.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { DelayEstimator } from './DelayEstimator.ts';
import type { ReceivedFrame } from './EncodedFrame.ts';

/** Two seconds at 30 frames/s; past it the oldest is dropped. */
const MAX_FRAMES = 64;
const MAX_BYTES = 8_000_000;
const MIN_DELAY_MS = 10;
const MAX_DELAY_MS = 400;
/** A missing frame is waited for this much longer than the delay before it counts as lost: it may be on a stream. */
const GAP_PATIENCE_MS = 30;

export class JitterBuffer {
  readonly #delay = new DelayEstimator({ minMs: MIN_DELAY_MS, maxMs: MAX_DELAY_MS });
  /** In decoding order. */
  readonly #frames: ReceivedFrame[] = [];
  #bytes = 0;
  /** Base frame of the last frame of temporal layer 0 that was handed out; undefined until a key frame was. */
  #base: number | undefined;
  #lastSequence = -1;
  #lastTimestampUs = -1;
  /** Since when the next frame has been missing, monotonic ms. */
  #missingSinceMs: number | undefined;
  #dropped = 0;

  get targetDelayMs(): number {
    return this.#delay.targetMs;
  }

  /** Frames that came too late or could not be decoded any more. */
  get dropped(): number {
    return this.#dropped;
  }

  get length(): number {
    return this.#frames.length;
  }

  push(frame: ReceivedFrame): void {
    this.#delay.add(frame.timestampUs, frame.completedAtMs);
    if (this.#isPast(frame)) {
      this.#dropped += 1;
      return;
    }
    let at = this.#frames.length;
    while (at > 0 && comesBefore(frame, this.#frames[at - 1])) at -= 1;
    // It came in another form before: both change hands when a subscriber changes what it asks for.
    if (isSame(frame, this.#frames[at - 1]) || isSame(frame, this.#frames[at])) {
      this.#dropped += 1;
      return;
    }
    this.#frames.splice(at, 0, frame);
    this.#bytes += frame.payload.length;
    while (this.#frames.length > MAX_FRAMES || this.#bytes > MAX_BYTES) this.#dropFirst();
  }

  /** The next frame to decode, when it is due at `nowMs`. Call until it answers undefined. */
  pop(nowMs: number): ReceivedFrame | undefined {
    this.#skipToKeyFrame();
    const first = this.#frames[0];
    if (first === undefined) {
      this.#missingSinceMs = this.#base === undefined ? this.#missingSinceMs : undefined;
      return undefined;
    }
    if (!this.#isNext(first)) {
      this.#missingSinceMs ??= nowMs;
      return undefined;
    }
    this.#missingSinceMs = undefined;
    if (this.#delay.dueMs(first.timestampUs) > nowMs) return undefined;
    this.#frames.shift();
    this.#bytes -= first.payload.length;
    if (first.temporalLayer === 0) this.#base = first.baseFrame;
    this.#lastSequence = first.firstSequence;
    this.#lastTimestampUs = first.timestampUs;
    return first;
  }

  /** Monotonic time at which pop() may have something or needsKeyFrame() may change, ms; undefined when only a push can. */
  nextChangeMs(): number | undefined {
    if (this.#missingSinceMs !== undefined) return this.#missingSinceMs + this.#patienceMs();
    const first = this.#frames[0];
    return first === undefined ? undefined : this.#delay.dueMs(first.timestampUs);
  }

  /** True once a frame that others depend on has been missing for too long. */
  needsKeyFrame(nowMs: number): boolean {
    return this.#missingSinceMs !== undefined && nowMs - this.#missingSinceMs >= this.#patienceMs();
  }

  /** After a decoder error: nothing can be decoded before the next key frame. */
  reset(nowMs: number): void {
    this.#base = undefined;
    this.#missingSinceMs = nowMs - this.#patienceMs();
  }

  /** Lets go of every frame. Nothing may be pushed afterwards. */
  clear(): void {
    this.#frames.length = 0;
    this.#bytes = 0;
    this.#missingSinceMs = undefined;
  }

  #patienceMs(): number {
    return this.#delay.targetMs + GAP_PATIENCE_MS;
  }

  #isPast(frame: ReceivedFrame): boolean {
    if (this.#base === undefined) return false;
    const ahead = serialDistance16(frame.baseFrame, this.#base);
    if (ahead !== 0) return ahead < 0;
    if (frame.temporalLayer === 0 || frame.timestampUs === this.#lastTimestampUs) return true;
    return frame.firstSequence < this.#lastSequence;
  }

  #isNext(frame: ReceivedFrame): boolean {
    if (frame.type === FrameType.videoKey) return true;
    if (this.#base === undefined) return false;
    const ahead = serialDistance16(frame.baseFrame, this.#base);
    return frame.temporalLayer === 0 ? ahead === 1 : ahead === 0;
  }

  /** Where the chain is broken, a key frame further on mends it, and what is before it is of no use. */
  #skipToKeyFrame(): void {
    const first = this.#frames[0];
    if (first === undefined || this.#isNext(first)) return;
    const key = this.#frames.findIndex(({ type }) => type === FrameType.videoKey);
    for (let i = 0; i < key; i++) this.#dropFirst();
  }

  #dropFirst(): void {
    const first = this.#frames.shift();
    if (first === undefined) return;
    this.#bytes -= first.payload.length;
    this.#dropped += 1;
  }
}

/** Frames of one stream differ in capture time. */
function isSame(frame: ReceivedFrame, other: ReceivedFrame | undefined): boolean {
  return (
    other !== undefined && frame.timestampUs === other.timestampUs && frame.baseFrame === other.baseFrame
  );
}

/** By base frame; then the base frame itself before those that follow it, which go by sequence number. */
function comesBefore(frame: ReceivedFrame, other: ReceivedFrame | undefined): boolean {
  if (other === undefined) return false;
  const ahead = serialDistance16(frame.baseFrame, other.baseFrame);
  if (ahead !== 0) return ahead < 0;
  if (frame.temporalLayer === 0 || other.temporalLayer === 0) return frame.temporalLayer === 0;
  return frame.firstSequence < other.firstSequence;
}
