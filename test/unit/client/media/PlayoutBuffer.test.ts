import { describe, expect, it } from 'vitest';
import { PlayoutBuffer } from '../../../../client/media/audio/PlayoutBuffer.ts';
import { rms } from '../../../../client/media/audio/samples.ts';

const RATE = 48_000;
const FRAME = 960;
const QUANTUM = 128;

function tone(frames = FRAME, value = 0.5): Float32Array {
  return new Float32Array(frames).fill(value);
}

/** Writes frames 20 ms apart from `first` on. */
function write(buffer: PlayoutBuffer, first: number, count: number): void {
  for (let i = first; i < first + count; i++) buffer.write(i * 20_000, tone());
}

function pull(buffer: PlayoutBuffer, ms: number): Float32Array {
  const output = new Float32Array(Math.round((ms * RATE) / 1_000));
  for (let at = 0; at < output.length; at += QUANTUM) buffer.pull(output.subarray(at, at + QUANTUM));
  return output;
}

/** Largest step between neighbours: a click is a large one. */
function largestStep(samples: Float32Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i++)
    largest = Math.max(largest, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
  return largest;
}

describe('PlayoutBuffer', () => {
  it('waits for its target, then plays what was written', () => {
    const buffer = new PlayoutBuffer(RATE);
    buffer.targetMs = 60;
    write(buffer, 0, 2);
    expect(rms(pull(buffer, 5))).toBe(0);
    write(buffer, 2, 2);
    expect(pull(buffer, 60).at(-1)).toBeCloseTo(0.5, 5);
    expect(buffer.stats.underruns).toBe(0);
  });

  it('plays what came before a pause, though it does not fill the buffer', () => {
    const buffer = new PlayoutBuffer(RATE);
    buffer.targetMs = 100;
    write(buffer, 0, 1);
    expect(rms(pull(buffer, 130))).toBeGreaterThan(0.1);
  });

  it('puts silence where a frame is missing, in its full length, without a click', () => {
    const buffer = new PlayoutBuffer(RATE);
    buffer.targetMs = 60;
    write(buffer, 0, 4);
    pull(buffer, 10);
    write(buffer, 5, 3); // frame 4 is lost
    expect(buffer.stats.concealedMs).toBeCloseTo(20, 3);
    const played = pull(buffer, 140);
    expect(largestStep(played)).toBeLessThan(0.01);
    expect(Math.min(...played.subarray(0, (RATE * 100) / 1_000))).toBeLessThan(0.01);
  });

  it('fades out when nothing is left, and starts again when it is filled', () => {
    const buffer = new PlayoutBuffer(RATE);
    buffer.targetMs = 40;
    write(buffer, 0, 3);
    const played = pull(buffer, 200);
    expect(buffer.stats.underruns).toBe(1);
    expect(largestStep(played)).toBeLessThan(0.01);
    expect(Math.abs(played.at(-1) ?? 1)).toBeLessThan(0.001);
    write(buffer, 30, 3);
    expect(rms(pull(buffer, 40))).toBeGreaterThan(0.3);
  });

  it('drops what comes after its time', () => {
    const buffer = new PlayoutBuffer(RATE);
    write(buffer, 0, 1);
    write(buffer, 2, 2);
    write(buffer, 1, 1);
    expect(buffer.stats.droppedMs).toBeCloseTo(20, 3);
  });

  it('comes back to its target after a burst, a little faster than it was spoken', () => {
    const buffer = new PlayoutBuffer(RATE);
    buffer.targetMs = 60;
    write(buffer, 0, 15);
    for (let i = 0; i < 1_000; i++) {
      pull(buffer, 20);
      write(buffer, 15 + i, 1);
    }
    expect(buffer.stats.underruns).toBe(0);
    expect(buffer.stats.bufferedMs).toBeGreaterThan(40);
    expect(buffer.stats.bufferedMs).toBeLessThan(105);
  });

  it('follows a sender whose clock is 0.1 % fast or slow, without a break', () => {
    for (const drift of [0.999, 1.001]) {
      const buffer = new PlayoutBuffer(RATE);
      buffer.targetMs = 60;
      write(buffer, 0, 4);
      let written = 4;
      for (let playedMs = 0; playedMs < 60_000; playedMs += 20) {
        pull(buffer, 20);
        while (written * 20 < playedMs * drift + 80) write(buffer, written++, 1);
      }
      expect(buffer.stats.underruns).toBe(0);
      expect(buffer.stats.droppedMs).toBe(0);
    }
  });

  it('is bounded: half a second, of which the oldest is dropped', () => {
    const buffer = new PlayoutBuffer(RATE);
    write(buffer, 0, 100);
    expect(buffer.stats.bufferedMs).toBeCloseTo(500, 0);
    expect(buffer.stats.droppedMs).toBeCloseTo(1_500, 0);
  });
});
