import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Consumer } from '../../../media-node/handler/Consumer.ts';
import { Producer } from '../../../media-node/handler/Producer.ts';
import { IDLE_BEFORE_PAUSE_MS } from '../../../media-node/handler/StreamDemand.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import { DestinationDrops } from '../../../media-node/metrics/DestinationDrops.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { type DeliverySet, NO_DELIVERY, PUBLISHERS_CHOICE } from '../../../shared/media-session/delivery.ts';
import { FakeClock } from './meeting.ts';

describe('Producer', () => {
  let told: (string | DeliverySet)[];
  /** Whether the publisher's control stream has room. */
  let hasRoom: boolean;
  let producer: Producer;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    told = [];
    hasRoom = true;
    const tell = (message: string | DeliverySet): boolean => {
      if (hasRoom) told.push(message);
      return hasRoom;
    };
    producer = new Producer({
      id: 'producer-1',
      transportId: 'transport-1',
      publisher: {
        userId: 1,
        deliversOnDemand: true,
        tellDemand: (_, deliveries) => tell(deliveries),
        requestKeyFrame: () => tell('key frame'),
      },
      streamId: 10,
      kind: 'video',
      spatialLayer: 0,
      clock: new FakeClock(),
      counters: new Counters(),
    });
  });

  afterEach(() => {
    producer.close();
    vi.useRealTimers();
  });

  it('MH-5 tells a publisher again that a stream is wanted when the message found no room', () => {
    producer.refreshDestinations();
    vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS);
    expect([told, producer.isPaused]).toEqual([[NO_DELIVERY], true]);
    hasRoom = false;
    const consumer = new Consumer(
      'consumer-1',
      'transport-2',
      producer,
      new Counters(),
      new DestinationDrops(),
    );
    consumer.connect(createSessionPair().server);
    producer.addConsumer(consumer);
    producer.refreshDestinations();
    expect(producer.isPaused).toBe(true);
    hasRoom = true;
    producer.requestKeyFrame();
    expect([told, producer.isPaused]).toEqual([[NO_DELIVERY, PUBLISHERS_CHOICE, 'key frame'], false]);
  });
});
