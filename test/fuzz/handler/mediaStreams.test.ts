// Hostile media streams from a client of a worker; more of them: `npm run bench -- fuzz`.
import { describe, expect, it } from 'vitest';
import { Counter } from '../../../media-node/metrics/Counters.ts';
import { streamStorm } from './streamStorm.ts';

const STREAMS = 3_000;

describe('media streams of a client that lies', () => {
  it.each([1, 2])(
    'MH-1 MH-4 MH-8 MH-10 passes on what is in order, byte by byte, and accounts for each stream and copy (seed %i)',
    async (seed) => {
      const { counters, faults, frames } = await streamStorm(seed, STREAMS);
      expect(faults).toEqual([]);
      expect(counters.value(Counter.streamsReceived)).toBeGreaterThan(STREAMS * 0.9);
      expect(counters.value(Counter.streamsEnded)).toBeGreaterThan(STREAMS / 10);
      expect(frames).toBeGreaterThan(STREAMS / 2);
      // Nearly every way to end has been met.
      expect(Object.keys(counters.dropsByName())).toEqual(
        expect.arrayContaining([
          'streamMalformed',
          'streamNotSenders',
          'streamTooMany',
          'streamNoSubscribers',
          'streamQuotaExceeded',
          'streamDestinationClosed',
        ]),
      );
    },
    60_000,
  );
});
