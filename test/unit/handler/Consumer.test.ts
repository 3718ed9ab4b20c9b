import { beforeEach, describe, expect, it } from 'vitest';
import { Consumer } from '../../../media-node/handler/Consumer.ts';
import { Counter, Counters } from '../../../media-node/metrics/Counters.ts';
import { DestinationDrops } from '../../../media-node/metrics/DestinationDrops.ts';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import { SendOutcome } from '../../../media-node/transport/MediaSession.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { OFFSET_SEQUENCE } from '../../../shared/frame/layout.ts';
import { writeUint64 } from '../../../shared/frame/write.ts';

const producer = {
  id: 'producer-1',
  userId: 1,
  streamId: 10,
  kind: 'video',
  spatialLayer: 0,
  source: undefined,
  transportId: 'transport-1',
  bitrateBps: 0,
  arrivals: new Arrivals(systemClock),
  isPaused: false,
  requestKeyFrame: () => undefined,
} as const;
const DATAGRAM = new Uint8Array(100);

describe('Consumer', () => {
  let consumer: Consumer;
  beforeEach(() => {
    consumer = new Consumer('consumer-1', 'transport-1', producer, new Counters(), new DestinationDrops());
  });

  it('MH-4 drops what it is given before its subscriber is there, and counts it', () => {
    expect(consumer.sendDatagram(DATAGRAM, 1)).toBe(SendOutcome.closed);
    expect([consumer.connected, consumer.sent.datagrams, consumer.datagramsDropped]).toEqual([false, 0, 1]);
    expect(consumer.openCopy(DATAGRAM, 1)).toBeUndefined();
  });

  it('MH-4 passes the subscriber’s answer on and counts it', () => {
    const { server } = createSessionPair({ maxDatagramsInFlight: 2, maxDatagramBytes: 200 });
    consumer.connect(server);
    const outcomes = [DATAGRAM, new Uint8Array(202), DATAGRAM, DATAGRAM].map((bytes) =>
      consumer.sendDatagram(bytes, 1),
    );
    expect(outcomes).toEqual([
      SendOutcome.sent,
      SendOutcome.tooLarge,
      SendOutcome.sent,
      SendOutcome.congested,
    ]);
    expect([consumer.connected, consumer.sent.datagrams, consumer.datagramsDropped]).toEqual([true, 2, 2]);
  });

  it('MH-5 sends datagrams more than once while a path is tried, in no count of what was sent', () => {
    const counters = new Counters();
    const drops = new DestinationDrops();
    const tried = new Consumer('consumer-1', 'transport-1', producer, counters, drops);
    const { client, server } = createSessionPair();
    tried.connect(server);
    tried.copy(1.5);
    for (let sent = 0; sent < 4; sent++) expect(tried.sendDatagram(DATAGRAM, 1)).toBe(SendOutcome.sent);
    tried.copy(0);
    tried.sendDatagram(DATAGRAM, 1);
    expect(counters.value(Counter.probeDatagramsOut)).toBe(6);
    expect([tried.sent.datagrams, tried.outstandingDatagrams, drops.byName()]).toEqual([5, 5, {}]);
    client.close(0, '');
  });

  it('MH-5 MH-10 expects nothing of datagrams that a receiver takes for too old by the upper half of their numbers', () => {
    const { client, server } = createSessionPair({ maxDatagramsInFlight: 1_000 });
    consumer.connect(server);
    const bytes = new Uint8Array(1 + 60);
    for (let sequence = 0; sequence < 100; sequence++) {
      const upper = sequence % 2 === 0 ? 1 : 0;
      writeUint64(bytes, 1 + OFFSET_SEQUENCE, upper * 2 ** 32 + sequence);
      expect(consumer.sendDatagram(bytes, 1)).toBe(SendOutcome.sent);
    }
    consumer.report({ highestSequence: 2 ** 32 + 98, received: 50 }, 250);
    expect(consumer.delivered).toEqual({ expected: 50, received: 50 });
    client.close(0, '');
  });

  it('SFU-4 takes what was on its way when its layer was left off for nothing when that comes again', () => {
    const { client, server } = createSessionPair();
    consumer.connect(server);
    for (let sent = 0; sent < 4; sent++) consumer.sendDatagram(DATAGRAM, 1);
    consumer.setForwarding('none');
    expect(consumer.outstandingDatagrams).toBe(4);
    consumer.setForwarding('fromKeyFrame');
    expect(consumer.outstandingDatagrams).toBe(0);
    consumer.setForwarding('all');
    consumer.sendDatagram(DATAGRAM, 1);
    expect(consumer.outstandingDatagrams).toBe(1);
    client.close(0, '');
  });

  it('SFU-3 sends nothing once it is closed', () => {
    consumer.connect(createSessionPair().server);
    consumer.close();
    consumer.close();
    expect([consumer.connected, consumer.closed]).toEqual([false, true]);
    expect(consumer.sendDatagram(DATAGRAM, 1)).toBe(SendOutcome.closed);
    expect(consumer.openCopy(DATAGRAM, 1)).toBeUndefined();
  });

  it('keeps the highest acknowledgement, whatever the order in which they arrive', () => {
    expect(consumer.highestAckedSequence).toBeUndefined();
    for (const sequence of [5, 3, 9, 0]) consumer.acknowledge(sequence, 0);
    expect(consumer.highestAckedSequence).toBe(9);
  });

  it('keeps the last figures that were reported, with zero for what a report leaves out', () => {
    expect(consumer.receiverFigures).toBeUndefined();
    consumer.report({ highestSequence: 9, received: 8, lost: 1, jitterUs: 70, bytes: 2 ** 40 }, 1_000);
    consumer.report({ highestSequence: 12, bytes: 5 }, 500);
    expect(consumer.receiverFigures).toEqual({
      intervalMs: 500,
      highestSequence: 12,
      received: 0,
      lost: 0,
      jitterUs: 0,
      bytes: 5,
    });
  });
});
