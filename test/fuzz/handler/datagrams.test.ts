// Hostile datagrams from a client of a worker: nothing throws, every one is accounted for, and nobody else notices. A million
// of them: `npm run bench -- fuzz`.
import { describe, expect, it } from 'vitest';
import { Counter } from '../../../media-node/metrics/Counters.ts';
import { frame, settle } from '../../unit/handler/meeting.ts';
import { bookFaults, datagramStorm, messageStorm } from './storm.ts';

const DATAGRAMS = 100_000;
const MESSAGES = 2_000;

describe('datagrams of a client that lies', () => {
  it.each([1, 2])(
    'MH-4 MH-8 MH-10 survives 100,000 random, truncated and mutated ones and accounts for each (seed %i)',
    async (seed) => {
      const storm = await datagramStorm(seed, DATAGRAMS);
      const { counters, mallory, receivers, bob } = storm;
      expect(bookFaults(storm, DATAGRAMS)).toEqual([]);
      expect(receivers.reduce((sum, { client }) => sum + client.datagrams.length, 0)).toBe(
        counters.value(Counter.datagramsOut),
      );
      // Nearly every reason has been met, and what came through is what a frame of Mallory's looks like.
      expect(Object.keys(counters.dropsByName())).toEqual(
        expect.arrayContaining([
          'truncated',
          'oversized',
          'unknownVersion',
          'unknownType',
          'userIdTooLarge',
          'lengthMismatch',
          'unknownFlags',
          'badLayer',
          'tooManyHops',
          'unexpectedHops',
          'notSendersStream',
          'noRoute',
          'controlMalformed',
          'controlUnexpected',
          'muted',
          'wrongKind',
          'destinationUndecodable',
        ]),
      );
      for (const { client } of [mallory, ...receivers]) expect(client.close).toBeUndefined();

      const before = mallory.client.datagrams.length;
      bob.client.sendDatagram(frame(2, 20));
      await settle();
      expect(mallory.client.datagrams.slice(before)).toEqual([frame(2, 20)]);
    },
    60_000,
  );
});

describe('control messages of clients that lie', () => {
  it('MH-10 survives thousands of random, truncated and mutated ones, and leaves no session behind', async () => {
    expect(await messageStorm(3, MESSAGES)).toBeGreaterThan(100);
  }, 60_000);
});
