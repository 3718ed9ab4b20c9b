// Hostile datagrams from a client of a worker: nothing throws, every one is accounted for, and nobody else notices.
import { describe, expect, it } from 'vitest';
import { Counter } from '../../../media-node/metrics/Counters.ts';
import { encodeAck, PING_BYTES, writePing } from '../../../shared/frame/control.ts';
import { MAX_DATAGRAM_PAYLOAD_BYTES } from '../../../shared/frame/layout.ts';
import { frame, join, publish, settle, startTestWorker, subscribe } from '../../unit/handler/meeting.ts';
import { hostileInput, Random } from '../shared/inputs.ts';

const ROUNDS = 100_000;
const MAX_NOISE_BYTES = 1_200;
/** Datagrams between two deliveries. */
const BURST = 1_000;
/** Wide enough for everything sent here: what is refused is refused by the worker. */
const WIDE = { maxDatagramBytes: 4_000, maxDatagramsInFlight: BURST };

const ping = new Uint8Array(PING_BYTES);
writePing(ping, 0, 1, 2);
const GOOD = [
  frame(1, 10, { payloadLength: 20 }),
  frame(1, 10, { payloadLength: MAX_DATAGRAM_PAYLOAD_BYTES }),
  ping,
  encodeAck([{ userId: 2, streamId: 20, highestSequence: 5 }]),
];

describe('datagrams of a client that lies', () => {
  it.each([1, 2])(
    'MH-4 MH-8 MH-10 survives 100,000 random, truncated and mutated ones and accounts for each (seed %i)',
    async (seed) => {
      const test = await startTestWorker();
      const [mallory, bob, eve] = [await join(test, 1, WIDE), await join(test, 2, WIDE), await join(test, 3)];
      const producer = await publish(test, mallory, 10);
      await subscribe(test, bob, producer);
      await subscribe(test, eve, producer);
      await subscribe(test, mallory, await publish(test, bob, 20));
      const random = new Random(seed);
      for (let round = 1; round <= ROUNDS; round++) {
        mallory.client.sendDatagram(hostileInput(random, GOOD, MAX_NOISE_BYTES));
        if (round % BURST === 0) await settle();
      }

      const { counters } = test.worker;
      expect(counters.value(Counter.datagramsIn)).toBe(ROUNDS);
      expect(
        counters.value(Counter.datagramsRouted) + counters.value(Counter.controlIn) + counters.ingressDrops,
      ).toBe(ROUNDS);
      expect(counters.value(Counter.datagramsOut) + counters.destinationDrops).toBe(
        counters.value(Counter.copiesOffered),
      );
      expect(bob.client.datagrams.length + eve.client.datagrams.length).toBe(
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
        ]),
      );
      for (const { client } of [mallory, bob, eve]) expect(client.close).toBeUndefined();

      const before = mallory.client.datagrams.length;
      bob.client.sendDatagram(frame(2, 20));
      await settle();
      expect(mallory.client.datagrams.slice(before)).toEqual([frame(2, 20)]);
    },
    60_000,
  );
});
