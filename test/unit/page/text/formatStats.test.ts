import { describe, expect, it } from 'vitest';
import {
  formatBitrate,
  formatFrameRate,
  formatMillis,
  formatRatio,
  formatResolution,
  statLines,
  UNKNOWN,
} from '../../../../client/page/text/formatStats.ts';

describe('figures of a tile', () => {
  it.each([
    [0, '0 kbit/s'],
    [31_500, '32 kbit/s'],
    [999_400, '999 kbit/s'],
    [999_500, '1.0 Mbit/s'],
    [2_345_678, '2.3 Mbit/s'],
  ])('shows a bitrate of %i bit/s as %s', (bitrate, text) => {
    expect(formatBitrate(bitrate)).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.0001, '< 0.1 %'],
    [0.012, '1.2 %'],
    [0.25, '25 %'],
    [1, '100 %'],
  ])('shows a ratio of %d as %s, and never a loss as none', (ratio, text) => {
    expect(formatRatio(ratio)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [0.4, '< 1 ms'],
    [17.6, '18 ms'],
  ])('shows %d ms as %s', (millis, text) => {
    expect(formatMillis(millis)).toBe(text);
  });

  it('shows frame rate and resolution', () => {
    expect(formatFrameRate(24.6)).toBe('25 fps');
    expect(formatResolution(640, 360)).toBe('640 × 360');
    expect(formatResolution(0, 0)).toBe(UNKNOWN);
    expect(formatResolution(640, undefined)).toBe(UNKNOWN);
  });

  it('shows what is not known as a dash, never as zero', () => {
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      expect(formatBitrate(value)).toBe(UNKNOWN);
      expect(formatRatio(value)).toBe(UNKNOWN);
      expect(formatMillis(value)).toBe(UNKNOWN);
      expect(formatFrameRate(value)).toBe(UNKNOWN);
    }
    expect(new Set(statLines({}).map((line) => line.value))).toEqual(new Set([UNKNOWN]));
  });

  it.each([
    [{ layers: 3, allLayers: 3, isOverloaded: false }, '3 of 3'],
    [{ layers: 1, allLayers: 3, isOverloaded: true }, '1 of 3 (busy)'],
  ])(
    'SFU-4 says how many layers the own camera is sent in, and when the machine is too slow for more: %o',
    (stats, value) => {
      expect(statLines(stats)).toContainEqual({ label: 'Layers', value });
    },
  );
});
