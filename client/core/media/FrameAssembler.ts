// Datagrams back into frames: out of order, with losses, in bounded memory. Duplicates are gone already (ReceiverStats).
import { type FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import {
  isDiscardable,
  isEndOfFrame,
  readBaseFrame,
  readFragmentIndex,
  readSequence,
  readTemporalLayer,
  readTimestampUs,
  readType,
} from '../../../shared/frame/read.ts';
import type { ReceivedFrame } from './EncodedFrame.ts';

/** Frames that wait for fragments: about a second of video. Past it the oldest is given up. */
const MAX_PARTIAL_FRAMES = 32;
/** Fragments of one frame: 1 MB, as for a frame on a stream. */
const MAX_FRAGMENTS = 1_000;
const MAX_PARTIAL_BYTES = 4_000_000;

interface PartialFrame {
  readonly firstSequence: number;
  /** By fragment index. */
  readonly fragments: (Uint8Array | undefined)[];
  received: number;
  bytes: number;
  /** Number of fragments, once the last one is here. */
  count: number | undefined;
}

export class FrameAssembler {
  readonly #partial = new Map<number, PartialFrame>();
  #partialBytes = 0;
  #abandoned = 0;
  #malformed = 0;

  /** Frames given up because fragments were missing when the bound was reached. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** Fragments that do not fit the others of their frame. */
  get malformed(): number {
    return this.#malformed;
  }

  get partialFrames(): number {
    return this.#partial.size;
  }

  /** Takes a validated datagram; the frame it completes, if it does. Keeps a view of the bytes. */
  push(datagram: Uint8Array, arrivalMs: number): ReceivedFrame | undefined {
    const index = readFragmentIndex(datagram, 0);
    const isLast = isEndOfFrame(datagram, 0);
    if (index === 0 && isLast)
      return frameOf(datagram, datagram.subarray(HEADER_BYTES), readSequence(datagram, 0), arrivalMs);
    const firstSequence = readSequence(datagram, 0) - index;
    if (firstSequence < 0 || index >= MAX_FRAGMENTS) {
      this.#malformed += 1;
      return undefined;
    }
    const partial = this.#partial.get(firstSequence) ?? this.#start(firstSequence);
    if (!fits(partial, index, isLast)) {
      this.#malformed += 1;
      return undefined;
    }
    partial.fragments[index] = datagram;
    partial.received += 1;
    partial.bytes += datagram.length - HEADER_BYTES;
    this.#partialBytes += datagram.length - HEADER_BYTES;
    if (isLast) partial.count = index + 1;
    if (partial.received === partial.count) {
      this.#forget(partial);
      return frameOf(datagram, join(partial), firstSequence, arrivalMs);
    }
    this.#bound();
    return undefined;
  }

  /** Gives up every frame that is not whole. */
  reset(): void {
    this.#partial.clear();
    this.#partialBytes = 0;
  }

  #start(firstSequence: number): PartialFrame {
    const partial = { firstSequence, fragments: [], received: 0, bytes: 0, count: undefined };
    this.#partial.set(firstSequence, partial);
    return partial;
  }

  #bound(): void {
    while (this.#partial.size > MAX_PARTIAL_FRAMES || this.#partialBytes > MAX_PARTIAL_BYTES) {
      let oldest: PartialFrame | undefined;
      for (const partial of this.#partial.values())
        if (oldest === undefined || partial.firstSequence < oldest.firstSequence) oldest = partial;
      if (oldest === undefined) return;
      this.#forget(oldest);
      this.#abandoned += 1;
    }
  }

  #forget(partial: PartialFrame): void {
    this.#partial.delete(partial.firstSequence);
    this.#partialBytes -= partial.bytes;
  }
}

/** A validated frame as it came on a media stream: header and whole payload. */
export function wholeFrame(bytes: Uint8Array, arrivalMs: number): ReceivedFrame {
  const firstSequence = readSequence(bytes, 0) - readFragmentIndex(bytes, 0);
  return frameOf(bytes, bytes.subarray(HEADER_BYTES), firstSequence, arrivalMs);
}

function fits(partial: PartialFrame, index: number, isLast: boolean): boolean {
  if (partial.fragments[index] !== undefined) return false;
  if (partial.count !== undefined) return index < partial.count && !isLast;
  return !isLast || partial.fragments.length <= index + 1;
}

function join(partial: PartialFrame): Uint8Array {
  const payload = new Uint8Array(partial.bytes);
  let at = 0;
  for (const fragment of partial.fragments) {
    if (fragment === undefined) continue;
    payload.set(fragment.subarray(HEADER_BYTES), at);
    at += fragment.length - HEADER_BYTES;
  }
  return payload;
}

/** `type` was validated by whoever received the bytes. */
function frameOf(
  header: Uint8Array,
  payload: Uint8Array,
  firstSequence: number,
  completedAtMs: number,
): ReceivedFrame {
  return {
    type: readType(header, 0) as FrameType,
    timestampUs: readTimestampUs(header, 0),
    payload,
    temporalLayer: readTemporalLayer(header, 0),
    discardable: isDiscardable(header, 0),
    baseFrame: readBaseFrame(header, 0),
    firstSequence,
    completedAtMs,
  };
}
