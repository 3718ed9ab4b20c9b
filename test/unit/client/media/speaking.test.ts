import { describe, expect, it } from 'vitest';
import { LevelMeter } from '../../../../client/media/audio/LevelMeter.ts';
import { SpeakingDetector } from '../../../../client/media/audio/SpeakingDetector.ts';
import { Voices } from '../../../../client/media/Voices.ts';

const LOUD = 0.2;
const BETWEEN = 0.015;
const QUIET = 0.001;

/** Says for each 50 ms of levels whether somebody is speaking. */
function run(levels: readonly number[]): boolean[] {
  const detector = new SpeakingDetector();
  return levels.map((level, index) => detector.update(level, index * 50));
}
const times = (count: number, level: number): number[] => new Array<number>(count).fill(level);

describe('SpeakingDetector', () => {
  it('starts after 100 ms of sound', () => {
    expect(run(times(4, LOUD))).toEqual([false, false, true, true]);
  });

  it('does not take a click for speech', () => {
    expect(run([LOUD, LOUD, QUIET, LOUD, LOUD, QUIET])).not.toContain(true);
  });

  it('goes on over a pause for breath and ends after 600 ms of quiet', () => {
    const speech = times(4, LOUD);
    expect(run([...speech, ...times(11, QUIET), LOUD]).slice(3)).not.toContain(false);
    expect(run([...speech, ...times(14, QUIET)]).at(-1)).toBe(false);
  });

  it('neither starts nor ends between its two thresholds', () => {
    expect(run(times(20, BETWEEN))).not.toContain(true);
    expect(run([...times(4, LOUD), ...times(40, BETWEEN)]).slice(3)).not.toContain(false);
  });
});

describe('LevelMeter', () => {
  it('rises at once and falls to nothing when no sound arrives any more', () => {
    const meter = new LevelMeter();
    meter.add(0.5, 1_000);
    expect(meter.level(1_000)).toBe(0.5);
    expect(meter.level(1_100)).toBeCloseTo(0.25, 5);
    expect(meter.level(5_000)).toBe(0);
    meter.add(0.1, 5_000);
    expect(meter.level(5_000)).toBe(0.1);
  });
});

describe('Voices', () => {
  it('says when somebody starts and stops speaking', () => {
    const voices = new Voices();
    const changes: number[] = [];
    for (let ms = 0; ms < 2_000; ms += 50) {
      voices.add(7, ms < 500 ? LOUD : 0, ms);
      if (voices.update(ms)) changes.push(ms);
    }
    expect(changes).toHaveLength(2);
    expect(voices.isSpeaking(7)).toBe(false);
    voices.add(7, LOUD, 3_000);
    voices.forget(7);
    expect(voices.level(7, 3_000)).toBe(0);
  });
});
