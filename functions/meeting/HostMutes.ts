import type { HostMute } from '../../shared/api/node.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { Generation, MeetingId } from '../../shared/base/ids.ts';

/** Whom hosts have muted, for the controller that serves the meeting next. Rejects with ApiError (503) while the store is away. */
export interface HostMutes {
  /** In place of what was said of the participant before; false where a later generation has said more. */
  put(meetingId: MeetingId, generation: Generation, mute: HostMute, expiresAtMs: EpochMs): Promise<boolean>;
  /** At most `limit`, the latest, the latest last; none that was lifted or whose time has passed. */
  list(meetingId: MeetingId, limit: number): Promise<readonly HostMute[]>;
}
