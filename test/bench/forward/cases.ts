import type { WorkerProcess } from '../../../media-node/agent/WorkerProcess.ts';
import type { HandlerCalls } from '../../../media-node/ipc/protocol.ts';
import type { Seat } from './plan.ts';

export interface ForwardCase {
  readonly name: string;
  /** Sessions; the first `publishers` of them send, and each gets what all others send. */
  readonly people: number;
  readonly publishers: number;
  /** Datagrams a second and publisher. */
  readonly ratePerSecond: number;
}

export const CASES: readonly ForwardCase[] = [
  { name: '1 to 10', people: 11, publishers: 1, ratePerSecond: 2_000 },
  { name: '1 to 30', people: 31, publishers: 1, ratePerSecond: 1_500 },
  { name: '1 to 50', people: 51, publishers: 1, ratePerSecond: 1_000 },
  { name: '1 to 50, 100k/s', people: 51, publishers: 1, ratePerSecond: 2_000 },
  { name: '10 x 10', people: 10, publishers: 10, ratePerSecond: 400 },
  { name: '31 x 31', people: 31, publishers: 31, ratePerSecond: 40 },
];

/** Batches of the internal API hold this many. */
const BATCH = 256;
const STREAM_ID = 1;

/** Makes the meeting of a case on a worker: a router, a transport a person, everybody subscribed to all others. */
export async function meetingIn(worker: WorkerProcess<HandlerCalls>, one: ForwardCase): Promise<Seat[]> {
  const router = { router_id: 'bench' };
  await worker.call('createRouter', { ...router, meeting_id: 'bench', generation: 1 });
  const { transports } = await worker.call('createTransports', {
    ...router,
    transports: Array.from({ length: one.people }, (_, index) => ({
      participant_id: `p-${index + 1}`,
      user_id: index + 1,
    })),
  });
  const publishing = transports.slice(0, one.publishers);
  const { producers } = await worker.call('createProducers', {
    ...router,
    producers: publishing.map(({ transport_id }) => ({ transport_id, stream_id: STREAM_ID, kind: 'audio' })),
  });
  const consumers = producers.flatMap(({ producer_id }, index) =>
    transports
      .filter(({ transport_id }) => transport_id !== publishing[index]?.transport_id)
      .map(({ transport_id }) => ({ transport_id, producer_id })),
  );
  for (let from = 0; from < consumers.length; from += BATCH)
    await worker.call('createConsumers', { ...router, consumers: consumers.slice(from, from + BATCH) });
  return transports.map(({ connection_token }, index) => ({
    userId: index + 1,
    streamId: index < one.publishers ? STREAM_ID : 0,
    connectionToken: connection_token,
  }));
}
