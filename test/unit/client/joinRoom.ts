import { onTestFinished } from 'vitest';
import { Room } from '../../../client/core/Room.ts';
import type { LoopbackMeeting } from '../../support/loopbackMeeting.ts';
import type { ManualTime } from './ManualTime.ts';

/** A place in a meeting of this process, until the test is over. */
export async function joinRoom(
  { fetch, transport }: LoopbackMeeting,
  time: ManualTime,
  displayName: string,
): Promise<Room> {
  const options = { apiUrl: 'https://api.test', meetingId: 'demo', clock: time, timers: time };
  const room = await Room.join({ ...options, displayName, fetch, transport });
  onTestFinished(() => room.leave());
  return room;
}
