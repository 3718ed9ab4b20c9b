import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from './Assignment.ts';

/** The end of a meeting in a region. It takes the assignment's place, so that no join in flight can assign it again. */
export interface ClosedAssignment {
  readonly closedAtMs: EpochMs;
}

/** At most one record per meeting and region. All methods reject with ApiError (503) while the store is away. */
export interface AssignmentStore {
  /** The record as of the latest completed write. */
  get(meetingId: MeetingId, region: string): Promise<Assignment | ClosedAssignment | undefined>;
  /**
   * Writes the assignment if what is there is still what it replaces: nothing, or that very record. False when somebody
   * was faster or the meeting was closed; then get() has theirs.
   */
  replace(assignment: Assignment, replaces: Assignment | undefined): Promise<boolean>;
  /** Closes the record, whatever it is, and answers the assignment that was there. The record goes at expiresAtMs. */
  close(
    meetingId: MeetingId,
    region: string,
    closedAtMs: EpochMs,
    expiresAtMs: EpochMs,
  ): Promise<Assignment | undefined>;
}

export function isClosed(record: Assignment | ClosedAssignment): record is ClosedAssignment {
  return 'closedAtMs' in record;
}
