import { describe, expect, it } from 'vitest';
import { Counter, Counters } from '../../../media-node/metrics/Counters.ts';
import { DropReason } from '../../../media-node/metrics/DropReason.ts';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import type { Destination } from '../../../media-node/routing/Destination.ts';
import { forward } from '../../../media-node/routing/forward.ts';
import { type RouteEntry, type RouteSource, RouteTable } from '../../../media-node/routing/RouteTable.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import {
  FrameType,
  MAX_DATAGRAM_BYTES,
  OFFSET_FLAGS,
  OFFSET_HOP_COUNT,
  OFFSET_LAYER,
  OFFSET_PAYLOAD_LENGTH,
  OFFSET_TYPE,
  OFFSET_USER_ID,
  OFFSET_VERSION,
} from '../../../shared/frame/layout.ts';
import { frame } from '../frame.ts';

/** Answers of a destination: sent, or its place among the drop reasons of destinations. */
const Outcome = { sent: 0, congested: 1, tooLarge: 2, closed: 3 } as const;
/** Offset of a datagram in the buffer that a transport hands over. */
const AT = 1;

class Recorder implements Destination {
  readonly received: { bytes: Uint8Array; at: number }[] = [];
  readonly #outcome: number;

  constructor(outcome: number = Outcome.sent) {
    this.#outcome = outcome;
  }

  sendDatagram(bytes: Uint8Array, at: number): number {
    this.received.push({ bytes, at });
    return this.#outcome;
  }
}

function entry(
  userId: number,
  streamId: number,
  destinations: readonly Destination[],
  kind: 'audio' | 'video' = 'video',
): RouteEntry {
  return {
    userId,
    streamId,
    kind,
    destinations,
    traffic: { datagrams: 0, bytes: 0 },
    arrivals: new Arrivals(systemClock),
  };
}

function routesTo(...destinations: Destination[]): RouteSource {
  return { routes: new RouteTable([entry(1, 10, destinations)]) };
}

function delivered(datagram: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(AT + datagram.length);
  bytes.set(datagram, AT);
  return bytes;
}

describe('forward', () => {
  it('MH-1 MH-2 gives every destination the very buffer that came in, unchanged', () => {
    const [bob, eve] = [new Recorder(), new Recorder()];
    const bytes = delivered(frame(1, 10, { payloadLength: 1_000, sequence: 9 }));
    const before = bytes.slice();
    const counters = new Counters();
    expect(forward(bytes, AT, 1, routesTo(bob, eve), counters)).toBe(DropReason.none);
    for (const { received } of [bob, eve]) {
      expect(received).toHaveLength(1);
      expect(received[0]?.bytes).toBe(bytes);
      expect(received[0]?.at).toBe(AT);
    }
    expect(bytes).toEqual(before);
    expect([
      counters.value(Counter.datagramsRouted),
      counters.value(Counter.datagramsOut),
      counters.value(Counter.datagramBytesOut),
    ]).toEqual([1, 2, 2 * 1_042]);
  });

  it.each([
    ['destinationCongested', Outcome.congested],
    ['destinationTooLarge', Outcome.tooLarge],
    ['destinationClosed', Outcome.closed],
    ['destinationClosed', 99],
    ['destinationClosed', -1],
  ] as const)('MH-4 counts a copy as %s and gives the others theirs', (name, outcome) => {
    const [first, troubled, last] = [new Recorder(), new Recorder(outcome), new Recorder()];
    const counters = new Counters();
    forward(delivered(frame(1, 10)), AT, 1, routesTo(first, troubled, last), counters);
    expect([first.received.length, last.received.length]).toEqual([1, 1]);
    expect(counters.dropsByName()).toEqual({ [name]: 1 });
    expect(counters.value(Counter.copiesOffered)).toBe(
      counters.value(Counter.datagramsOut) + counters.destinationDrops,
    );
  });

  it('MH-8 counts what came in on a stream, whether or not anybody gets it', () => {
    const [watched, unwatched] = [entry(1, 10, [new Recorder()]), entry(1, 11, [])];
    const routes = new RouteTable([watched, unwatched]);
    for (const streamId of [10, 10, 11])
      forward(delivered(frame(1, streamId, { payloadLength: 8 })), AT, 1, { routes }, new Counters());
    expect([watched.traffic, unwatched.traffic]).toEqual([
      { datagrams: 2, bytes: 100 },
      { datagrams: 1, bytes: 50 },
    ]);
  });

  it('MH-3 uses one table for a packet, even when it is replaced while the packet goes out', () => {
    const late = new Recorder();
    const source = { routes: RouteTable.empty };
    const swapping: Destination = {
      sendDatagram: () => {
        source.routes = new RouteTable([entry(1, 10, [late])]);
        return Outcome.sent;
      },
    };
    const old = new Recorder();
    source.routes = new RouteTable([entry(1, 10, [swapping, old])]);
    const counters = new Counters();
    forward(delivered(frame(1, 10)), AT, 1, source, counters);
    expect([old.received.length, late.received.length]).toEqual([1, 0]);
    forward(delivered(frame(1, 10)), AT, 1, source, counters);
    expect([old.received.length, late.received.length]).toEqual([1, 1]);
  });

  const change = (at: number, value: number): Uint8Array => {
    const datagram = frame(1, 10);
    datagram[at] = value;
    return datagram;
  };
  it.each([
    ['truncated', frame(1, 10).subarray(0, 41)],
    ['truncated', new Uint8Array(0)],
    ['oversized', frame(1, 10, { payloadLength: MAX_DATAGRAM_BYTES })],
    ['unknownVersion', change(OFFSET_VERSION, 2)],
    ['unknownType', change(OFFSET_TYPE, 3)],
    ['userIdTooLarge', change(OFFSET_USER_ID, 1)],
    ['lengthMismatch', change(OFFSET_PAYLOAD_LENGTH + 3, 7)],
    ['unknownFlags', change(OFFSET_FLAGS, 0x80)],
    ['badLayer', change(OFFSET_LAYER, 0b111)],
    ['tooManyHops', change(OFFSET_HOP_COUNT, 4)],
    ['unexpectedHops', change(OFFSET_HOP_COUNT, 1)],
    ['notSendersStream', frame(2, 10)],
    ['noRoute', frame(1, 11)],
    ['noSubscribers', frame(1, 12)],
    ['wrongKind', frame(1, 10, { type: FrameType.audio })],
    ['wrongKind', frame(1, 13)],
  ] as const)('MH-4 MH-10 drops a datagram and counts it as %s', (name, datagram) => {
    const bob = new Recorder();
    const routes = new RouteTable([
      entry(1, 10, [bob]),
      entry(2, 10, [bob]),
      entry(1, 12, []),
      entry(1, 13, [bob], 'audio'),
    ]);
    const counters = new Counters();
    expect(forward(delivered(datagram), AT, 1, { routes }, counters)).toBe(DropReason[name]);
    expect(counters.dropsByName()).toEqual({ [name]: 1 });
    expect([bob.received.length, counters.value(Counter.datagramsRouted)]).toEqual([0, 0]);
  });
});
