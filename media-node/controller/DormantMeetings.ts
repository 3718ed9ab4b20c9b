// Meetings that are assigned and that nobody is in, as little of each as brings it back: they take no place among the
// meetings that are served, and a join wakes them. What the global controller has written stays true that way.
import type { AssignMeeting, HostMute } from '../../shared/api/node.ts';

/** Records kept, about 1 KB each. Past it the one that was not used for longest goes, and its meeting with it. */
export const MAX_DORMANT_MEETINGS = 100_000;
/** Removed participants that a record keeps out; their join tokens last for minutes only. */
const MAX_REMOVED = 100;
/** Muted participants of a record: none is there, and few come back. */
const MAX_MUTED = 20;

/** What a meeting has to know again when it is woken. */
export interface DormantMeeting {
  readonly assignment: AssignMeeting;
  /** Since when nobody is in it, monotonic, ms. */
  readonly emptySinceMs: number;
  /** The last that was given out: none is given out twice. */
  readonly lastUserId: number;
  /** Participants that stay out, in the order in which they were removed. */
  readonly removed: readonly string[];
  /** What hosts have muted, of those who may come back. */
  readonly hostMutes: readonly HostMute[];
}

export class DormantMeetings {
  readonly #limit: number;
  /** By meeting id, the least recently used first. */
  readonly #records = new Map<string, DormantMeeting>();

  constructor(limit = MAX_DORMANT_MEETINGS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#records.size;
  }

  get(meetingId: string): DormantMeeting | undefined {
    return this.#records.get(meetingId);
  }

  /** Keeps it as the one used last; answers the id of the meeting that was forgotten for it, if one was. */
  put(record: DormantMeeting): string | undefined {
    const id = record.assignment.meeting_id;
    this.#records.delete(id);
    // Those of the assignment are among the others.
    const { host_mutes: _, ...assignment } = record.assignment;
    this.#records.set(id, {
      ...record,
      assignment,
      removed: record.removed.slice(-MAX_REMOVED),
      hostMutes: record.hostMutes.slice(-MAX_MUTED),
    });
    if (this.#records.size <= this.#limit) return undefined;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
    return oldest;
  }

  /** False when there was none. */
  delete(meetingId: string): boolean {
    return this.#records.delete(meetingId);
  }

  values(): IterableIterator<DormantMeeting> {
    return this.#records.values();
  }

  clear(): void {
    this.#records.clear();
  }
}
