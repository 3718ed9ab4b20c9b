import { describe, expect, it } from 'vitest';
import { parseExposition } from './parseExposition.ts';

const text = (type: string, samples: readonly string[], name = 'x_seconds'): string =>
  [`# HELP ${name} Words.`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');
const histogram = ['x_seconds_bucket{le="1"} 2', 'x_seconds_bucket{le="+Inf"} 3', 'x_seconds_sum 4'];

describe('parseExposition', () => {
  it('takes what is in order', () => {
    expect(parseExposition(text('histogram', [...histogram, 'x_seconds_count 3'])).size).toBe(4);
    expect(parseExposition(text('summary', ['x_seconds{quantile="0.5"} 4e-05'])).size).toBe(1);
    expect(parseExposition(text('counter', ['x_total{a="b\\"c"} 0'], 'x_total')).size).toBe(1);
  });

  it.each([
    [
      'a bucket that is lower than the one before',
      [...histogram.with(1, 'x_seconds_bucket{le="+Inf"} 1'), 'x_seconds_count 1'],
    ],
    ['a count that is not that of the last bucket', [...histogram, 'x_seconds_count 4']],
    ['buckets without the last', [...histogram.toSpliced(1, 1), 'x_seconds_count 2']],
    ['a histogram without its sum', [...histogram.slice(0, 2), 'x_seconds_count 3']],
    ['a bucket without its edge', ['x_seconds_bucket 3']],
    ['a sample of the family that has no meaning in it', ['x_seconds 3']],
  ])('MH-8 refuses %s', (_what, samples) => {
    expect(() => parseExposition(text('histogram', samples))).toThrow();
  });

  it.each([
    ['a counter without _total', text('counter', ['x 1'], 'x')],
    ['a gauge with _total', text('gauge', ['x_total 1'], 'x_total')],
    ['a unit that is not a base one', text('gauge', ['x_ms 1'], 'x_ms')],
    ['a quantile of a gauge', text('gauge', ['x_seconds{quantile="0.5"} 1'])],
    ['a counter below zero', text('counter', ['x_total -1'], 'x_total')],
    ['one series twice', text('gauge', ['x_seconds 1', 'x_seconds 2'])],
    ['a label twice', text('gauge', ['x_seconds{a="1",a="2"} 1'])],
    ['a family twice', text('gauge', ['x_seconds 1']).repeat(2)],
    ['a type without help', '# TYPE x gauge\nx 1\n'],
    ['a sample before any family', 'x 1\n'],
    ['an empty line', text('gauge', ['', 'x_seconds 1'])],
    ['text without its last line feed', text('gauge', ['x_seconds 1']).slice(0, -1)],
  ])('MH-8 refuses %s', (_what, exposition) => {
    expect(() => parseExposition(exposition)).toThrow();
  });
});
