// Hostile input for a worker with real parts on paired sessions, and the books of it: what came in, and what became of it.
import { Counter, type Counters } from '../../../media-node/metrics/Counters.ts';
import { encodeAck, PING_BYTES, turnPingIntoPong, writePing } from '../../../shared/frame/control.ts';
import { FrameType, MAX_DATAGRAM_PAYLOAD_BYTES } from '../../../shared/frame/layout.ts';
import { frameMediaClientMessage } from '../../../shared/media-session/messages.ts';
import {
  frame,
  join,
  publish,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
} from '../../unit/handler/meeting.ts';
import { hostileInput, Random } from '../shared/inputs.ts';

const MAX_NOISE_BYTES = 1_200;
/** Datagrams between two deliveries. */
const BURST = 1_000;
/** Wide enough for everything sent here: what is refused is refused by the worker. */
const WIDE = { maxDatagramBytes: 4_000, maxDatagramsInFlight: BURST };
const MESSAGES_BETWEEN_TURNS = 16;

const ping = new Uint8Array(PING_BYTES);
writePing(ping, 0, 1, 2);
/** What the test's clock stands at. */
const TEST_CLOCK_US = 1_000_000_000;
/** Answers to the first questions that a worker asks, each to come many times, and some before it has asked. */
const pongs = Array.from({ length: 4 }, (_, id) => {
  const pong = new Uint8Array(PING_BYTES);
  writePing(pong, 0, id, TEST_CLOCK_US);
  turnPingIntoPong(pong, 0);
  return pong;
});
const DATAGRAMS = [
  frame(1, 10, { payloadLength: 20 }),
  frame(1, 10, { payloadLength: MAX_DATAGRAM_PAYLOAD_BYTES }),
  frame(1, 10, { type: FrameType.videoKey, payloadLength: 20 }),
  frame(1, 11, { type: FrameType.audio, payloadLength: 20 }),
  ping,
  ...pongs,
  encodeAck([{ userId: 2, streamId: 20, highestSequence: 5 }]),
];
const MESSAGES = [
  frameMediaClientMessage({ auth: { connectionToken: 'id-1~1001000~AAAA' } }),
  frameMediaClientMessage({ keyFrameRequest: { userId: 2, streamId: 20 } }),
  frameMediaClientMessage({
    layerChange: { userId: 2, streamId: 20, preferredSpatialLayer: 1, priority: 3 },
  }),
  frameMediaClientMessage({
    receiverReport: { intervalMs: 1_000, roundTripUs: 5, streams: [{ userId: 2, streamId: 20, lost: 1 }] },
  }),
];

export interface Storm {
  readonly counters: Counters;
  readonly mallory: Seat;
  /** Two who receive her; the second reads slowly, so that there is congestion as well. */
  readonly receivers: readonly Seat[];
  /** Someone whom she receives. */
  readonly bob: Seat;
}

/** One client sends this many hostile datagrams, one in twenty while it may not send sound. */
export async function datagramStorm(seed: number, datagrams: number): Promise<Storm> {
  const test = await startTestWorker();
  const [mallory, bob, eve] = [await join(test, 1, WIDE), await join(test, 2, WIDE), await join(test, 3)];
  const producers = [await publish(test, mallory, 10), await publish(test, mallory, 11, 'audio')];
  for (const producer of producers) for (const seat of [bob, eve]) await subscribe(test, seat, producer);
  await subscribe(test, mallory, await publish(test, bob, 20));
  // Who reports is asked how long her path is.
  await mallory.client.say({ receiverReport: { intervalMs: 250, streams: [] } });
  const random = new Random(seed);
  const mute = async (kinds: ('audio' | 'video')[]): Promise<void> => {
    const muted = { router_id: 'router-1', transport_id: mallory.transportId, kinds };
    await test.calls.muteTransport(muted);
  };
  for (let sent = 1; sent <= datagrams; sent++) {
    mallory.client.sendDatagram(hostileInput(random, DATAGRAMS, MAX_NOISE_BYTES));
    if (sent % BURST !== 0) continue;
    await settle();
    await mute((sent / BURST) % 20 === 0 ? ['audio'] : []);
  }
  await mute([]);
  await settle();
  return { counters: test.worker.counters, mallory, receivers: [bob, eve], bob };
}

/** What must add up after a storm; a sentence for each thing that does not. */
export function bookFaults({ counters }: Pick<Storm, 'counters'>, datagrams: number): string[] {
  const value = (counter: Counter): number => counters.value(counter);
  const accounted = value(Counter.datagramsRouted) + value(Counter.controlIn) + counters.ingressDrops;
  const copies = value(Counter.datagramsOut) + counters.destinationDrops;
  const faults: string[] = [];
  if (value(Counter.datagramsIn) !== datagrams)
    faults.push(`${datagrams} datagrams were sent, ${value(Counter.datagramsIn)} received`);
  if (accounted !== datagrams) faults.push(`${datagrams} were received, ${accounted} accounted for`);
  if (copies !== value(Counter.copiesOffered))
    faults.push(`${value(Counter.copiesOffered)} copies were offered, ${copies} accounted for`);
  return faults;
}

/** Clients send this many hostile control messages, each as long as it is let; answers how many sessions that took. */
export async function messageStorm(seed: number, messages: number): Promise<number> {
  const test = await startTestWorker({ maxTransports: messages + 10 });
  const bob = await join(test, 2);
  const bobs = await publish(test, bob, 20);
  const random = new Random(seed);
  let sessions = 0;
  let mallory: Seat | undefined;
  for (let sent = 1; sent <= messages; sent++) {
    if (mallory === undefined || mallory.client.close !== undefined) {
      sessions++;
      mallory = await join(test, 2 + sessions);
      await subscribe(test, mallory, bobs);
    }
    test.clock.nowMs += 10;
    await mallory.client.sayBytes(hostileInput(random, MESSAGES, MAX_NOISE_BYTES)).catch(() => undefined);
    if (sent % MESSAGES_BETWEEN_TURNS === 0) await settle();
  }
  mallory?.client.session.close(0, 'done');
  await settle();
  const { sessions: left } = test.worker.stats();
  if (left !== 1) throw new Error(`Only one session should be left: there are ${left}`);
  if (bob.client.close !== undefined) throw new Error('A bystander was closed');
  bob.client.session.close(0, 'done');
  await settle();
  return sessions;
}
