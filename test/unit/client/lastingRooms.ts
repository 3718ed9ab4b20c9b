// Lasting rooms of a meeting in this process.
import { LastingRoom } from '../../../client/core/LastingRoom.ts';
import type { TransportFactory } from '../../../client/core/transport.ts';
import type { LoopbackMeeting } from '../../support/loopbackMeeting.ts';
import type { ManualTime } from './ManualTime.ts';

export function joinOf(
  meeting: LoopbackMeeting,
  time: ManualTime,
  displayName: string,
  transport: TransportFactory = meeting.transport,
): Promise<LastingRoom> {
  return LastingRoom.join({
    apiUrl: 'https://api.test',
    meetingId: 'demo',
    displayName,
    fetch: meeting.fetch,
    transport,
    clock: time,
    timers: time,
    random: () => 0,
  });
}

/** Breaks the latest session with a meeting controller. */
export function breakSignaling(meeting: LoopbackMeeting): void {
  meeting.pairs.findLast(({ url }) => url.endsWith('/signaling'))?.pair.lose();
}
