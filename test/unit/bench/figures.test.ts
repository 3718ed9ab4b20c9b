import { describe, expect, it } from 'vitest';
import { figuresOf, recoveredMs } from '../../bench/adaptation/figures.ts';

const changes = [
  { atMs: 0, rung: 5 },
  { atMs: 1_700, rung: 3 },
  { atMs: 2_200, rung: 1 },
  { atMs: 9_000, rung: 2 },
  { atMs: 9_500, rung: 1 },
];

describe('figures of the adaptation bench', () => {
  it('MH-5 tells when it reacted, when it settled, and what it changed after that', () => {
    expect(figuresOf(changes, 1_000, 20_000)).toEqual({
      reactMs: 700,
      settledMs: 1_200,
      flaps: 2,
      stepsDown: 3,
      rungAtEnd: 1,
    });
  });

  it('MH-5 tells of a path that nothing reacted to, and of one on which nothing settled', () => {
    expect(figuresOf(changes.slice(0, 1), 1_000, 20_000)).toEqual({
      settledMs: 0,
      flaps: 0,
      stepsDown: 0,
      rungAtEnd: 5,
    });
    const restless = [
      { atMs: 0, rung: 5 },
      ...Array.from({ length: 10 }, (_, index) => ({ atMs: 1_500 + 1_000 * index, rung: 3 - (index % 2) })),
    ];
    expect(figuresOf(restless, 1_000, 11_000)).toEqual({
      reactMs: 500,
      flaps: 10,
      stepsDown: 6,
      rungAtEnd: 2,
    });
  });

  it('MH-5 counts recovery until everything is sent for good', () => {
    const up = [
      { atMs: 0, rung: 1 },
      { atMs: 5_000, rung: 5 },
      { atMs: 6_000, rung: 3 },
      { atMs: 9_000, rung: 5 },
    ];
    expect(recoveredMs(up, 1_000, 20_000, 5)).toBe(8_000);
    expect(recoveredMs(up, 1_000, 8_000, 5)).toBeUndefined();
  });
});
