import { describe, expect, it } from 'vitest';
import type { ReceivedFrame } from '../../../../../client/core/media/EncodedFrame.ts';
import { JitterBuffer } from '../../../../../client/core/media/JitterBuffer.ts';
import { FrameType } from '../../../../../shared/frame/layout.ts';
import { CAPTURE_US, received, seededRandom } from '../../frames.ts';

const FRAME_MS = 33;

/** Frames of L1T2 from the start of a stream: layers 0, 1, 0, 1 ..., the first a key frame. */
function stream(count: number, firstBase = 0): ReceivedFrame[] {
  return Array.from({ length: count }, (_, index) => {
    const temporalLayer = index % 2;
    return received({
      type: index === 0 ? FrameType.videoKey : FrameType.videoDelta,
      timestampUs: CAPTURE_US + index * FRAME_MS * 1_000,
      temporalLayer,
      discardable: temporalLayer === 1,
      baseFrame: (firstBase + Math.floor(index / 2)) % 65_536,
      firstSequence: index,
      completedAtMs: index * FRAME_MS,
    });
  });
}

function popAll(buffer: JitterBuffer, nowMs: number): ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  for (let frame = buffer.pop(nowMs); frame !== undefined; frame = buffer.pop(nowMs)) frames.push(frame);
  return frames;
}

const sequences = (frames: readonly ReceivedFrame[]): number[] =>
  frames.map(({ firstSequence }) => firstSequence);
const LATE = 10_000;

describe('JitterBuffer', () => {
  it('MH-1 hands a frame out once that comes in both forms', () => {
    const buffer = new JitterBuffer();
    const frames = stream(6);
    for (const frame of [...frames, ...frames]) buffer.push(frame);
    expect(sequences(popAll(buffer, LATE))).toEqual([0, 1, 2, 3, 4, 5]);
    for (const frame of frames.slice(-2)) buffer.push(frame);
    expect(popAll(buffer, 2 * LATE)).toEqual([]);
    expect([buffer.dropped, buffer.needsKeyFrame(3 * LATE)]).toEqual([8, false]);
  });

  it('hands frames out in the order of decoding, whatever the order of arrival', () => {
    const random = seededRandom(2);
    for (let round = 0; round < 100; round++) {
      const buffer = new JitterBuffer();
      for (const frame of stream(20).sort(() => random() - 0.5)) buffer.push(frame);
      expect(sequences(popAll(buffer, LATE))).toEqual(Array.from({ length: 20 }, (_, index) => index));
    }
  });

  it('holds a frame until it is due', () => {
    const buffer = new JitterBuffer();
    const [key] = stream(1);
    buffer.push(key as ReceivedFrame);
    expect(buffer.pop(buffer.targetDelayMs - 1)).toBeUndefined();
    expect(buffer.nextChangeMs()).toBeCloseTo(buffer.targetDelayMs, 3);
    expect(buffer.pop(buffer.targetDelayMs + 0.001)).toBe(key);
  });

  it('grows its delay with jitter at once and shrinks it slowly', () => {
    const buffer = new JitterBuffer();
    const frames = stream(400).map((frame, index) => ({
      ...frame,
      completedAtMs: frame.completedAtMs + (index === 10 ? 90 : 0),
    }));
    for (const frame of frames.slice(0, 11)) buffer.push(frame);
    expect(buffer.targetDelayMs).toBeCloseTo(90, 0);
    const delays = frames.slice(11).map((frame) => {
      popAll(buffer, LATE * 2);
      buffer.push(frame);
      return buffer.targetDelayMs;
    });
    expect(delays[20]).toBeGreaterThan(60);
    expect(delays.at(-1)).toBe(10);
  });

  it('does not take a thinned stream for a broken one: frames of layer 1 may be missing', () => {
    const buffer = new JitterBuffer();
    const kept = stream(20).filter(({ temporalLayer }) => temporalLayer === 0);
    for (const frame of kept) buffer.push(frame);
    expect(popAll(buffer, LATE)).toEqual(kept);
    expect(buffer.needsKeyFrame(LATE)).toBe(false);
  });

  it('waits for a missing frame of layer 0, then asks for a key frame, and starts again at one', () => {
    const buffer = new JitterBuffer();
    const frames = stream(10);
    for (const frame of frames) if (frame.firstSequence !== 4) buffer.push(frame);
    expect(sequences(popAll(buffer, 1_000))).toEqual([0, 1, 2, 3]);
    expect(buffer.needsKeyFrame(1_000)).toBe(false);
    expect(buffer.nextChangeMs()).toBeGreaterThan(1_000);
    expect(buffer.needsKeyFrame(buffer.nextChangeMs() ?? 0)).toBe(true);

    const key = received({
      type: FrameType.videoKey,
      baseFrame: 5,
      firstSequence: 10,
      timestampUs: CAPTURE_US + 330_000,
      completedAtMs: 1_300,
    });
    buffer.push(key);
    expect(sequences(popAll(buffer, LATE))).toEqual([10]);
    expect(buffer.needsKeyFrame(LATE)).toBe(false);
    expect(buffer.dropped).toBe(5);
  });

  it('goes on without a key frame when the missing frame comes after all', () => {
    const buffer = new JitterBuffer();
    const frames = stream(10);
    for (const frame of frames) if (frame.firstSequence !== 4) buffer.push(frame);
    popAll(buffer, 1_000);
    buffer.push(frames[4] as ReceivedFrame);
    expect(sequences(popAll(buffer, 1_001))).toEqual([4, 5, 6, 7, 8, 9]);
    expect(buffer.needsKeyFrame(LATE)).toBe(false);
  });

  it('holds delta frames that overtake their key frame, which travels on a stream', () => {
    const buffer = new JitterBuffer();
    const [key, ...deltas] = stream(4);
    for (const frame of deltas) buffer.push(frame);
    expect(popAll(buffer, 200)).toEqual([]);
    buffer.push(key as ReceivedFrame);
    expect(sequences(popAll(buffer, LATE))).toEqual([0, 1, 2, 3]);
  });

  it('asks for a key frame when a stream is joined in the middle', () => {
    const buffer = new JitterBuffer();
    for (const frame of stream(10).slice(3)) buffer.push(frame);
    expect(popAll(buffer, 500)).toEqual([]);
    expect(buffer.needsKeyFrame(500)).toBe(false);
    expect(buffer.needsKeyFrame(1_000)).toBe(true);
  });

  it('goes over the wrap of base frames', () => {
    const buffer = new JitterBuffer();
    const frames = stream(12, 65_533);
    for (const frame of frames.toReversed()) buffer.push(frame);
    expect(popAll(buffer, LATE)).toEqual(frames);
  });

  it('drops what comes after its turn', () => {
    const buffer = new JitterBuffer();
    const frames = stream(6);
    for (const frame of frames) if (frame.firstSequence !== 1) buffer.push(frame);
    popAll(buffer, LATE);
    buffer.push(frames[1] as ReceivedFrame);
    expect(buffer.length).toBe(0);
    expect(buffer.dropped).toBe(1);
  });

  it('needs a key frame after a decoder error, at once', () => {
    const buffer = new JitterBuffer();
    const frames = stream(4);
    for (const frame of frames.slice(0, 2)) buffer.push(frame);
    popAll(buffer, LATE);
    buffer.reset(LATE);
    buffer.push(frames[2] as ReceivedFrame);
    expect(popAll(buffer, LATE)).toEqual([]);
    expect(buffer.needsKeyFrame(LATE)).toBe(true);
  });

  it('MH-10 is bounded in frames and in bytes', () => {
    const frames = new JitterBuffer();
    for (const frame of stream(500).slice(1)) frames.push(frame);
    expect(frames.length).toBe(64);
    const bytes = new JitterBuffer();
    for (const frame of stream(20).slice(1)) bytes.push({ ...frame, payload: new Uint8Array(1_000_000) });
    expect(bytes.length).toBe(8);
  });
});
