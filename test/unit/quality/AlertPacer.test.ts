import { expect, it } from 'vitest';
import { ALERT_INTERVAL_MS, AlertPacer } from '../../../media-node/quality/AlertPacer.ts';

it('MH-5 tells of a path at once, and then the latest word at the end of each interval', () => {
  const pacer = new AlertPacer<string>();
  expect(pacer.take(0)).toBeUndefined();
  pacer.put('lossy');
  expect(pacer.take(100)).toBe('lossy');
  expect(pacer.take(200)).toBeUndefined();
  pacer.put('slow');
  pacer.put('recovered');
  expect(pacer.take(100 + ALERT_INTERVAL_MS - 1)).toBeUndefined();
  expect(pacer.take(100 + ALERT_INTERVAL_MS)).toBe('recovered');
  expect(pacer.take(10_000)).toBeUndefined();
});
