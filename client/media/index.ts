// The browser SDK.
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { LastingRoom } from '../core/LastingRoom.ts';
import { BrowserMeetingClient } from './BrowserMeetingClient.ts';
import { createBackgroundTimers } from './backgroundTimers.ts';
import { LastingMeetingClient } from './LastingMeetingClient.ts';
import type { JoinMeetingOptions, MeetingClient } from './MeetingClient.ts';
import { toJoinError, unsupportedError } from './problems.ts';
import { missingFeatures } from './support.ts';

export {
  type DeviceProblem,
  HostActionError,
  type HostMuteNotice,
  JoinError,
  type JoinMeetingOptions,
  type MeetingClient,
  type MeetingEnd,
  type MeetingEvents,
  type MeetingNotice,
  type MeetingState,
  type ParticipantView,
  type PictureSource,
  ScreenShareError,
  type TileStats,
} from './MeetingClient.ts';
export { missingFeatures } from './support.ts';

const CLIENT_NAME = 'dark-tower-web';

/** Joins a meeting; devices start on their own, and what is wrong with one is told by `deviceProblem`. Rejects with JoinError. */
export async function joinMeeting(options: JoinMeetingOptions): Promise<MeetingClient> {
  const missing = missingFeatures();
  if (missing.length > 0) throw unsupportedError(missing);
  const log = createLogger({ level: 'warn', write: (line) => console.warn(line) });
  const timers = createBackgroundTimers();
  let lasting: LastingRoom;
  try {
    lasting = await LastingRoom.join({
      apiUrl: options.apiUrl,
      meetingId: options.meetingId,
      displayName: options.displayName,
      clientName: CLIENT_NAME,
      ...(options.role && { role: options.role }),
      ...(options.userToken !== undefined && { userToken: options.userToken }),
      clock: systemClock,
      timers,
      log,
    });
  } catch (error) {
    timers.close();
    log.warn('The meeting could not be joined', { error });
    throw toJoinError(error);
  }
  return new LastingMeetingClient({
    lasting,
    clientOf: (room) => new BrowserMeetingClient({ room, clock: systemClock, timers, log }),
    timers,
    log,
    devices: { microphone: options.microphone, camera: options.camera },
  });
}
