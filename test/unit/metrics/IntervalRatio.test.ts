import { expect, it } from 'vitest';
import { IntervalRatio } from '../../../media-node/metrics/IntervalRatio.ts';

it('MH-8 answers by how much one thing grew for each of another, and nothing while the other does not grow', () => {
  const cpuPerDatagram = new IntervalRatio();
  const after = (cpuUs: number, datagrams: number): number | undefined => {
    cpuPerDatagram.sample(cpuUs, datagrams);
    return cpuPerDatagram.ratio;
  };
  expect([after(1_000, 100), after(1_500, 200), after(1_600, 200), after(1_700, 210)]).toEqual([
    undefined,
    5,
    undefined,
    10,
  ]);
});
