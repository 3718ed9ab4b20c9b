// What the packet path allocates, measured: the growth of the heap over many packets, of which none are kept.

import { expect, it } from 'vitest';
import { Consumer } from '../../../media-node/handler/Consumer.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import { DestinationDrops } from '../../../media-node/metrics/DestinationDrops.ts';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import { forward } from '../../../media-node/routing/forward.ts';
import { RouteTable } from '../../../media-node/routing/RouteTable.ts';
import { type MediaSession, SendOutcome } from '../../../media-node/transport/MediaSession.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import {
  FLAG_DISCARDABLE,
  FrameType,
  OFFSET_SEQUENCE,
  OFFSET_TIMESTAMP,
} from '../../../shared/frame/layout.ts';
import type { FrameHeader } from '../../../shared/frame/write.ts';
import { writeUint64 } from '../../../shared/frame/write.ts';
import { frame } from '../frame.ts';

const DESTINATIONS = 30;
const CAPTURE_US = 1_700_000_000_000_000;
const FRAME_US = 33_333;
const PACKETS = 5_000;
const RUNS = 8;
/**
 * A single number for each packet would be 8 bytes, 0.27 a copy; what is seen is V8's own, such as code that is compiled
 * meanwhile.
 */
const MAX_BYTES_PER_COPY = 0.2;

const producer = {
  id: 'p',
  userId: 1,
  streamId: 10,
  kind: 'video',
  spatialLayer: 0,
  source: undefined,
  transportId: 't',
  bitrateBps: 0,
  arrivals: new Arrivals(systemClock),
  isPaused: false,
  requestKeyFrame: () => undefined,
} as const;

/** A session whose engine takes everything, with this much in flight. */
function sessionWith(datagramsInFlight: number): MediaSession {
  const { server } = createSessionPair();
  return Object.defineProperties(Object.create(server) as MediaSession, {
    datagramsInFlight: { value: datagramsInFlight },
    maxDatagramsInFlight: { value: 128 },
    sendDatagram: { value: () => SendOutcome.sent },
  });
}

it.each<[string, number, Partial<FrameHeader>]>([
  ['when there is room for everything', 0, {}],
  ['when discardable frames are held back', 64, { flags: FLAG_DISCARDABLE }],
  ['when all but sound and key frames are held back', 100, {}],
  ['when nothing is let through', 128, { type: FrameType.videoKey }],
])('MH-2 MH-4 allocates nothing per packet and destination %s', (_case, inFlight, change) => {
  const counters = new Counters();
  const destinations = Array.from({ length: DESTINATIONS }, (_, index) => {
    const consumer = new Consumer(`c-${index}`, 't', producer, counters, new DestinationDrops());
    consumer.connect(sessionWith(inFlight));
    return consumer;
  });
  const arrivals = new Arrivals(systemClock);
  const traffic = { datagrams: 0, bytes: 0 };
  const routes = new RouteTable([
    { userId: 1, streamId: 10, kind: 'video', destinations, traffic, arrivals },
  ]);
  const source = { routes };
  const bytes = new Uint8Array(1 + 1_000);
  bytes.set(frame(1, 10, { payloadLength: 958, ...change }), 1);
  let sequence = 0;
  const run = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let packet = 0; packet < PACKETS; packet++) {
      writeUint64(bytes, 1 + OFFSET_SEQUENCE, sequence++);
      writeUint64(bytes, 1 + OFFSET_TIMESTAMP, CAPTURE_US + sequence * FRAME_US);
      forward(bytes, 1, 1, source, counters);
    }
    return process.memoryUsage().heapUsed - before;
  };
  const growth = Array.from({ length: RUNS }, run).slice(RUNS / 2);
  expect(traffic.datagrams).toBe(RUNS * PACKETS);
  expect(Math.min(...growth) / (PACKETS * DESTINATIONS)).toBeLessThan(MAX_BYTES_PER_COPY);
  // A collection makes the heap smaller: with garbage there would be some.
  expect(Math.min(...growth)).toBeGreaterThan(-MAX_BYTES_PER_COPY * PACKETS * DESTINATIONS);
});
