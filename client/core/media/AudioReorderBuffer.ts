// Sound frames in order. They depend on none before them, so that a gap is waited for only a moment; delay against jitter
// is added where samples are played, not here.
import { serialDistance16 } from '../../../shared/base/serial.ts';
import type { ReceivedFrame } from './EncodedFrame.ts';

/** A missing frame is given up when this many later ones are here ... */
const MAX_WAITING_FRAMES = 2;
/** ... or after this time, ms. */
const MAX_WAIT_MS = 15;
/** A jump of more frames than this is a new start (5 s of silence), not a gap or a straggler. */
const MAX_DISTANCE = 250;

export class AudioReorderBuffer {
  /** In order; at most MAX_WAITING_FRAMES, all ahead of the next. */
  readonly #waiting: ReceivedFrame[] = [];
  #last: number | undefined;
  #waitingSinceMs = 0;
  #late = 0;

  /** Frames that came after their turn. */
  get late(): number {
    return this.#late;
  }

  /** Frames that wait for one before them: poll() has to be called. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a frame and calls back for every frame whose turn has come. */
  push(frame: ReceivedFrame, deliver: (frame: ReceivedFrame) => void): void {
    const ahead = this.#last === undefined ? 1 : serialDistance16(frame.baseFrame, this.#last);
    if (ahead <= 0 && ahead > -MAX_DISTANCE) {
      this.#late += 1;
      return;
    }
    if (ahead <= 0 || ahead > MAX_DISTANCE) this.#flush(deliver);
    if (ahead === 1 || ahead <= 0 || ahead > MAX_DISTANCE) {
      this.#deliver(frame, deliver);
      this.#deliverConsecutive(deliver);
      return;
    }
    if (this.#waiting.length === 0) this.#waitingSinceMs = frame.completedAtMs;
    this.#insert(frame);
    if (this.#waiting.length > MAX_WAITING_FRAMES) this.#giveUpGap(deliver);
    this.poll(frame.completedAtMs, deliver);
  }

  /** Gives up a gap that has been waited for long enough at `nowMs`. */
  poll(nowMs: number, deliver: (frame: ReceivedFrame) => void): void {
    while (this.#waiting.length > 0 && nowMs - this.#waitingSinceMs >= MAX_WAIT_MS) this.#giveUpGap(deliver);
  }

  /** Lets go of every frame that waits. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #giveUpGap(deliver: (frame: ReceivedFrame) => void): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.#deliver(first, deliver);
    this.#deliverConsecutive(deliver);
    this.#waitingSinceMs = this.#waiting[0]?.completedAtMs ?? 0;
  }

  #deliverConsecutive(deliver: (frame: ReceivedFrame) => void): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined || this.#last === undefined) return;
      if (serialDistance16(first.baseFrame, this.#last) !== 1) return;
      this.#waiting.shift();
      this.#deliver(first, deliver);
    }
  }

  #flush(deliver: (frame: ReceivedFrame) => void): void {
    for (const frame of this.#waiting.splice(0)) this.#deliver(frame, deliver);
  }

  #insert(frame: ReceivedFrame): void {
    let at = this.#waiting.length;
    while (at > 0 && serialDistance16(frame.baseFrame, this.#waiting[at - 1]?.baseFrame ?? 0) < 0) at -= 1;
    if (this.#waiting[at - 1]?.baseFrame !== frame.baseFrame) this.#waiting.splice(at, 0, frame);
  }

  #deliver(frame: ReceivedFrame, deliver: (frame: ReceivedFrame) => void): void {
    this.#last = frame.baseFrame;
    deliver(frame);
  }
}
