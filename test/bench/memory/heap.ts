// Bytes of one more stream and one more consumer, in this process, measured after garbage collection.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Router } from '../../../media-node/handler/Router.ts';
import { Measures } from '../../../media-node/metrics/Measures.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { HEADER_BYTES } from '../../../shared/frame/layout.ts';

const USERS = 1_000;
const STREAMS_PER_USER = 10;
const CONSUMERS = USERS * STREAMS_PER_USER;
/** A header of zeros will do: only when a frame comes is looked at. */
const FIRST_FRAME = new Uint8Array(HEADER_BYTES);

export interface HeapFigures {
  /** A stream of video of which datagrams and a key frame on a stream have come. */
  readonly bytesPerStream: number;
  /** A subscription whose receiver acknowledges. */
  readonly bytesPerConsumer: number;
}

export function measureHeap(): HeapFigures {
  let nextId = 0;
  const router = new Router({
    id: 'router',
    meetingId: 'meeting',
    generation: 1,
    room: { transportsLeft: () => USERS * 2, subscriptionsLeft: () => CONSUMERS },
    newId: () => `id-${nextId++}`,
    clock: systemClock,
    measures: new Measures(),
  });
  const transports = router.createTransports(
    Array.from({ length: USERS + 1 }, (_, index) => ({ participant_id: `p-${index}`, user_id: index + 1 })),
  );
  const [receiver, ...senders] = transports;
  if (receiver === undefined) throw new Error('No transport was made');
  const { server } = createSessionPair({ path: '/media' });
  router.connectTransport(receiver, {
    session: server,
    counters: router.measures.counters.branch(),
    send: () => true,
    deliversOnDemand: false,
    close: () => undefined,
  });

  const empty = usedBytes();
  const producers = router.createProducers(
    senders.flatMap((transport) =>
      Array.from({ length: STREAMS_PER_USER }, (_, index) => ({
        transport_id: transport.id,
        stream_id: index + 1,
        kind: 'video' as const,
      })),
    ),
  );
  // Part of a stream that somebody is sent: made with its first frames.
  for (const producer of producers) {
    producer.arrivals.record(FIRST_FRAME, 0);
    producer.arrivals.recordOnStream(FIRST_FRAME, 0);
  }
  const withStreams = usedBytes();
  const consumers = router.createConsumers(
    producers.map((producer) => ({ transport_id: receiver.id, producer_id: producer.id })),
  );
  for (const consumer of consumers) consumer.acknowledge(0, 0);
  const withConsumers = usedBytes();
  // Held until here, or the collector would count them out.
  if (router.consumerCount !== consumers.length) throw new Error('The router lost consumers');
  return {
    bytesPerStream: Math.round((withStreams - empty) / producers.length),
    bytesPerConsumer: Math.round((withConsumers - withStreams) / consumers.length),
  };
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
