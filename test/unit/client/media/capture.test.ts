import { describe, expect, it } from 'vitest';
import { CaptureClock } from '../../../../client/media/capture/CaptureClock.ts';
import { deviceSentence } from '../../../../client/media/capture/devices.ts';
import { EncodedTimeline } from '../../../../client/media/encode/EncodedTimeline.ts';
import { fitWithin } from '../../../../client/media/encode/fitWithin.ts';
import { ManualTime } from '../ManualTime.ts';

describe('CaptureClock', () => {
  it("puts a device's own times on the wall clock", () => {
    const time = new ManualTime();
    const clock = new CaptureClock(time);
    clock.observe(5_000_000);
    expect(clock.toEpochUs(5_000_000)).toBe(time.epochMs() * 1_000);
    expect(clock.toEpochUs(5_020_000)).toBe(time.epochMs() * 1_000 + 20_000);
  });

  it('does not take a late arrival for a late capture', () => {
    const time = new ManualTime();
    const clock = new CaptureClock(time);
    clock.observe(0);
    const startUs = time.epochMs() * 1_000;
    time.advance(120);
    clock.observe(20_000);
    expect(clock.toEpochUs(20_000) - startUs).toBeLessThan(20_200);
  });

  it('never goes back', () => {
    const time = new ManualTime();
    const clock = new CaptureClock(time);
    time.advance(100);
    clock.observe(0);
    const first = clock.toEpochUs(0);
    clock.observe(20_000 + 90_000);
    expect(clock.toEpochUs(20_000)).toBeGreaterThan(first);
  });
});

describe('EncodedTimeline', () => {
  const FRAME_US = 20_000;

  /** Feeds 10 ms inputs; the encoder puts out every 20 ms unless `silent`, and counts only what it puts out. */
  function encode(silent: (frame: number) => boolean): number[] {
    const timeline = new EncodedTimeline(FRAME_US);
    const errors: number[] = [];
    let chunkUs = 0;
    for (let input = 0; input < 400; input++) {
      timeline.addInput(input * 10_000, 10_000);
      if (input % 2 === 0) continue;
      const frame = (input - 1) / 2;
      if (silent(frame)) continue;
      errors.push(timeline.outputTime(chunkUs, true) - frame * FRAME_US);
      chunkUs += FRAME_US;
    }
    return errors;
  }

  it('leaves times alone while the encoder leaves nothing out', () => {
    expect(new Set(encode(() => false))).toEqual(new Set([0]));
  });

  it('keeps times right over pauses that the encoder leaves out', () => {
    const errors = encode((frame) => (frame > 20 && frame < 36) || (frame > 90 && frame < 112));
    expect(new Set(errors)).toEqual(new Set([0]));
  });

  it('does not take outputs that are still queued for ones left out', () => {
    const timeline = new EncodedTimeline(FRAME_US);
    timeline.addInput(0, 200_000);
    expect(timeline.outputTime(0, false)).toBe(0);
    expect(timeline.outputTime(180_000, true)).toBe(180_000);
  });
});

describe('fitWithin', () => {
  it.each([
    [640, 360, 640, 360],
    [1_280, 720, 640, 360],
    [640, 480, 480, 360],
    [720, 1_280, 360, 640],
    [320, 180, 320, 180],
    [641, 361, 640, 360],
  ])('fits %i x %i as %i x %i', (width, height, fittedWidth, fittedHeight) => {
    expect(fitWithin(width, height, 640, 360)).toEqual({ width: fittedWidth, height: fittedHeight });
  });
});

describe('deviceSentence', () => {
  it.each([
    ['NotAllowedError', /Allow it/],
    ['NotFoundError', /Connect one/],
    ['NotReadableError', /another program/],
    ['SomethingNew', /could not be started/],
  ])('says what to do about %s', (name, sentence) => {
    expect(deviceSentence('camera', new DOMException('', name))).toMatch(sentence);
    expect(deviceSentence('microphone', new DOMException('', name))).toContain('microphone');
  });
});
