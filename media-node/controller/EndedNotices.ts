// The controller's word that meetings are over (ledger GC-13): told of those that nobody has been in for the empty time. The
// global controller comes to the same end by itself, from what it hears of presence, so that a notice that cannot be told is
// given up after a while; whoever is first, the meeting ends once.
import { EMPTY_MEETING_LIMIT_MS } from '../../shared/api/controllerNotice.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import { type ControlPlane, isSuperseded } from './ControlPlane.ts';
import { isGone } from './MediaPlane.ts';

/** Notices under way at once; the others wait for the next tick. */
const MAX_ACTIVE = 4;
const MAX_ATTEMPTS = 8;
/** With the tries above, about half an hour in all. */
const BACKOFF: BackoffOptions = { firstMs: 10_000, maxMs: 600_000 };
/** Between two looks at all meetings, ms. */
const LOOK_INTERVAL_MS = 10_000;

export interface EmptyMeeting {
  readonly meetingId: string;
  readonly generation: number;
  /** Since when nobody is in it, monotonic ms; undefined where somebody is. */
  readonly emptySinceMs: number | undefined;
}

export interface EndedNoticesOptions {
  readonly controlPlane: ControlPlane;
  readonly meetings: () => Iterable<EmptyMeeting>;
  /** The meeting has ended, by this word or another's. */
  readonly onEnded: (meeting: EmptyMeeting) => void;
  /** The meeting is somebody else's. */
  readonly onSuperseded: (meeting: EmptyMeeting) => void;
  readonly tasks: BackgroundTasks;
  readonly log: Logger;
  readonly random?: (() => number) | undefined;
}

interface Notice {
  attempts: number;
  /** Monotonic ms; undefined while it is being told. */
  nextAtMs: number | undefined;
}

export class EndedNotices {
  readonly #options: EndedNoticesOptions;
  /** Of meetings that have been empty for the empty time, by id. */
  #notices = new Map<string, Notice>();
  #active = 0;
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(options: EndedNoticesOptions) {
    this.#options = options;
  }

  /** To be called about once a second. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + LOOK_INTERVAL_MS;
    const before = this.#notices;
    this.#notices = new Map();
    for (const meeting of this.#options.meetings()) {
      const { meetingId, emptySinceMs } = meeting;
      if (emptySinceMs === undefined || nowMs - emptySinceMs < EMPTY_MEETING_LIMIT_MS) continue;
      const notice = before.get(meetingId) ?? { attempts: 0, nextAtMs: nowMs };
      this.#notices.set(meetingId, notice);
      const isDue = notice.nextAtMs !== undefined && notice.nextAtMs <= nowMs;
      if (isDue && this.#active < MAX_ACTIVE)
        this.#options.tasks.add('tell of an end', this.#tell(meeting, notice, nowMs));
    }
  }

  async #tell(meeting: EmptyMeeting, notice: Notice, nowMs: number): Promise<void> {
    const { controlPlane, onEnded, onSuperseded, log, random } = this.#options;
    const { meetingId, generation } = meeting;
    const fields = { meeting_id: meetingId, generation };
    notice.nextAtMs = undefined;
    this.#active++;
    try {
      const { ended } = await controlPlane.meetingEnded({ meeting_id: meetingId, generation });
      log.info('Meeting ended: nobody has been in it', { ...fields, told_first: ended });
      onEnded(meeting);
    } catch (error) {
      if (isSuperseded(error)) return onSuperseded(meeting);
      if (isGone(error)) return onEnded(meeting);
      notice.attempts++;
      const isLast = notice.attempts >= MAX_ATTEMPTS;
      notice.nextAtMs = isLast
        ? Number.POSITIVE_INFINITY
        : nowMs + backoffDelayMs(notice.attempts - 1, BACKOFF, random);
      log.warn('End of a meeting not told yet', { ...fields, attempts: notice.attempts, error });
    } finally {
      this.#active--;
    }
  }
}
