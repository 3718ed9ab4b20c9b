// The browser SDK.
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { Room } from '../core/Room.ts';
import { BrowserMeetingClient } from './BrowserMeetingClient.ts';
import { createBackgroundTimers } from './backgroundTimers.ts';
import type { JoinMeetingOptions, MeetingClient } from './MeetingClient.ts';
import { joinError, toJoinError } from './problems.ts';
import { isSupported } from './support.ts';

export {
  type DeviceProblem,
  JoinError,
  type JoinMeetingOptions,
  type MeetingClient,
  type MeetingEnd,
  type MeetingEvents,
  type MeetingNotice,
  type MeetingState,
  type ParticipantView,
  type TileStats,
} from './MeetingClient.ts';
export { isSupported } from './support.ts';

const CLIENT_NAME = 'dark-tower-web';

/** Joins a meeting; devices start on their own, and what is wrong with one is told by `deviceProblem`. Rejects with JoinError. */
export async function joinMeeting(options: JoinMeetingOptions): Promise<MeetingClient> {
  if (!isSupported()) throw joinError('unsupported');
  const log = createLogger({ level: 'warn', write: (line) => console.warn(line) });
  const timers = createBackgroundTimers();
  let room: Room;
  try {
    room = await Room.join({
      apiUrl: options.apiUrl,
      meetingId: options.meetingId,
      displayName: options.displayName,
      clientName: CLIENT_NAME,
      clock: systemClock,
      timers,
      log,
    });
  } catch (error) {
    timers.close();
    log.warn('The meeting could not be joined', { error });
    throw toJoinError(error);
  }
  const client = new BrowserMeetingClient({ room, clock: systemClock, timers, log });
  // The devices may ask the person for permission: the meeting is there already.
  void client.start({ microphone: options.microphone, camera: options.camera });
  return client;
}
