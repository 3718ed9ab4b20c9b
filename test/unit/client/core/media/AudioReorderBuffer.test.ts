import { describe, expect, it } from 'vitest';
import { AudioReorderBuffer } from '../../../../../client/core/media/AudioReorderBuffer.ts';
import { FrameType } from '../../../../../shared/frame/layout.ts';
import { received } from '../../frames.ts';

/** Pushes frames by base frame, 20 ms apart, and says in which order they came out. */
function run(buffer: AudioReorderBuffer, bases: readonly number[], startMs = 0): number[] {
  const out: number[] = [];
  for (const [index, baseFrame] of bases.entries()) {
    const completedAtMs = startMs + index * 20;
    buffer.poll(completedAtMs, (frame) => out.push(frame.baseFrame));
    buffer.push(received({ type: FrameType.audio, baseFrame, completedAtMs }), (frame) =>
      out.push(frame.baseFrame),
    );
  }
  return out;
}

describe('AudioReorderBuffer', () => {
  it('passes frames that come in order through at once', () => {
    expect(run(new AudioReorderBuffer(), [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
  });

  it('puts neighbours that changed places right', () => {
    const buffer = new AudioReorderBuffer();
    const out: number[] = [];
    for (const [baseFrame, completedAtMs] of [
      [0, 0],
      [2, 40],
      [1, 42],
      [3, 60],
    ] as const)
      buffer.push(received({ type: FrameType.audio, baseFrame, completedAtMs }), (frame) =>
        out.push(frame.baseFrame),
      );
    expect(out).toEqual([0, 1, 2, 3]);
    expect(buffer.late).toBe(0);
  });

  it('gives a lost frame up after a moment and goes on', () => {
    const buffer = new AudioReorderBuffer();
    expect(run(buffer, [0, 2, 3, 4])).toEqual([0, 2, 3, 4]);
    expect(buffer.waiting).toBe(0);
  });

  it('drops a frame that comes after it was given up', () => {
    const buffer = new AudioReorderBuffer();
    expect(run(buffer, [0, 2, 3, 1, 4])).toEqual([0, 2, 3, 4]);
    expect(buffer.late).toBe(1);
  });

  it('goes over the wrap at 65,536', () => {
    expect(run(new AudioReorderBuffer(), [65_534, 65_535, 0, 1])).toEqual([65_534, 65_535, 0, 1]);
  });

  it('takes a long jump for a new start', () => {
    expect(run(new AudioReorderBuffer(), [10, 11, 5_000, 5_001])).toEqual([10, 11, 5_000, 5_001]);
  });
});
