// A meeting in which one publishes and two receive, and a stream that may go through it.
import { FrameType } from '../../../shared/frame/layout.ts';
import {
  frame,
  join,
  mediaStream,
  publish,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

export const KEY_FRAME = frame(1, 10, { type: FrameType.videoKey, payloadLength: 40_000 });
/** Of Ada's stream 10. */
export const STREAM = mediaStream(1, 10, [KEY_FRAME]);

export interface StreamMeeting {
  readonly test: TestWorker;
  /** User 1, who publishes stream 10. */
  readonly ada: Seat;
  readonly bob: Seat;
  readonly eve: Seat;
  readonly producerId: string;
  readonly drops: () => Record<string, number>;
}

export async function startStreamMeeting(): Promise<StreamMeeting> {
  const test = await startTestWorker();
  const [ada, bob, eve] = [await join(test, 1), await join(test, 2), await join(test, 3)];
  const producerId = await publish(test, ada, 10);
  for (const seat of [bob, eve]) await subscribe(test, seat, producerId);
  await settle();
  return { test, ada, bob, eve, producerId, drops: () => test.worker.counters.dropsByName() };
}
