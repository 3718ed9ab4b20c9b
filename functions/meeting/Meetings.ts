// The rules of meetings: create, look up, list, change, end (ledger GC-13, GC-14).
import { ApiError } from '../../shared/api/error.ts';
import type { CreateMeeting, UpdateMeeting } from '../../shared/api/meeting.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { Random } from '../base/random.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import { type Identity, principalOf } from '../http/Access.ts';
import type { Stores } from '../Stores.ts';
import { endMeetingFor } from './endMeeting.ts';
import type { ActiveMeeting, EndedMeeting, MeetingRecord } from './Meeting.ts';
import type { MeetingEvent } from './MeetingEvent.ts';
import { changeMeeting, type MeetingListQuery, type MeetingPage } from './MeetingStore.ts';
import { createMeeting, type MeetingUpdate, updateMeeting } from './meetingChanges.ts';
import { makeMeetingId } from './meetingId.ts';
import { tellChange } from './tellChange.ts';

/** Ids made up before giving up: with 58 random bits a second collision in a row means that something is broken. */
const MAX_ID_ATTEMPTS = 3;

export interface MeetingsOptions {
  readonly region: string;
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
  readonly random: Random;
  /** How long an ended meeting is kept, ms (ledger GC-13). */
  readonly retentionMs: number;
}

export class Meetings {
  readonly #options: MeetingsOptions;

  constructor(options: MeetingsOptions) {
    this.#options = options;
  }

  /** @throws ApiError CONFLICT when the chosen id is taken */
  async create(creator: Identity, request: CreateMeeting): Promise<ActiveMeeting> {
    const { clock, random } = this.#options;
    const { meetings } = this.#options.stores;
    const chosen = request.meeting_id as MeetingId | undefined;
    for (let attempt = 0; attempt < MAX_ID_ATTEMPTS; attempt++) {
      const meetingId = chosen ?? makeMeetingId(random);
      const meeting: ActiveMeeting = {
        status: 'active',
        meetingId,
        orgId: creator.orgId,
        createdBy: principalOf(creator),
        displayName: request.display_name ?? meetingId,
        maxParticipants: request.max_participants,
        allowGuests: request.allow_guests,
        createdAtMs: clock.epochMs(),
      };
      if (await meetings.create(createMeeting(meeting))) return meeting;
      if (chosen !== undefined) throw idTaken(meeting, await meetings.get(chosen));
    }
    throw new Error(`No free meeting id in ${MAX_ID_ATTEMPTS} attempts`);
  }

  /**
   * @param orgId whose meeting it must be; undefined where the caller has shown that it is of the meeting
   * @throws ApiError NOT_FOUND when the organisation has no such meeting
   */
  async get(orgId: string | undefined, meetingId: MeetingId): Promise<MeetingRecord> {
    const meeting = await this.#options.stores.meetings.get(meetingId);
    // A meeting of somebody else's looks like none: ids tell nothing to those who guess them.
    if (meeting === undefined || (orgId !== undefined && meeting.orgId !== orgId))
      throw new ApiError('NOT_FOUND', `No meeting "${meetingId}": check the id or create it`);
    return meeting;
  }

  /**
   * The meeting as it is after the changes, which its controller has heard of. Those who are in it stay: a smaller size or
   * no guests counts for whoever joins. Without a change the controller is told again.
   * @throws ApiError NOT_FOUND, also for a meeting that has ended, which changes no more; 503 when the controller cannot be
   *   told, with the change made
   */
  async update(
    orgId: string,
    meetingId: MeetingId,
    changes: UpdateMeeting,
    log: Logger,
    trace: TraceContext,
  ): Promise<ActiveMeeting> {
    const { clock, stores } = this.#options;
    const update: MeetingUpdate = {
      displayName: changes.display_name,
      maxParticipants: changes.max_participants,
      allowGuests: changes.allow_guests,
    };
    const found = await this.get(orgId, meetingId);
    const { record } = await changeMeeting(stores.meetings, found, (latest) =>
      updateMeeting(latest, update, clock.epochMs()),
    );
    if (record.status === 'ended') throw new ApiError('NOT_FOUND', 'Meeting has ended');
    await tellChange(this.#options, record, log, trace);
    return record;
  }

  async list(query: MeetingListQuery): Promise<MeetingPage> {
    return await this.#options.stores.meetings.list(query);
  }

  /**
   * State changes after the one with this number, in order (ledger GC-13).
   * @throws ApiError NOT_FOUND
   */
  async events(orgId: string, meetingId: MeetingId, after: number, limit: number): Promise<MeetingTrail> {
    const record = await this.get(orgId, meetingId);
    const events = await this.#options.stores.meetings.eventsAfter(record, after, limit);
    return { events, lastSequence: record.sequence };
  }

  /**
   * Ends the meeting for everyone. Ending an ended one is no error: it asks the controller again.
   * @throws ApiError NOT_FOUND
   */
  async end(orgId: string, meetingId: MeetingId, log: Logger, trace: TraceContext): Promise<EndedMeeting> {
    const record = await this.get(orgId, meetingId);
    return await endMeetingFor(this.#options, record, { reason: 'requested', log, trace });
  }
}

/** Whoever repeats a request whose answer was lost is told that the meeting is its own, and as it asked for. */
function idTaken(asked: ActiveMeeting, found: MeetingRecord | undefined): ApiError {
  const isRepeated =
    found?.status === 'active' &&
    found.orgId === asked.orgId &&
    found.createdBy === asked.createdBy &&
    found.displayName === asked.displayName &&
    found.maxParticipants === asked.maxParticipants &&
    found.allowGuests === asked.allowGuests;
  return new ApiError(
    'CONFLICT',
    isRepeated
      ? `You have made meeting "${asked.meetingId}" already, as it is asked for here: use it, or choose another id`
      : `A meeting "${asked.meetingId}" exists: choose another id or leave it out`,
    { details: { repeated: isRepeated } },
  );
}

export interface MeetingTrail {
  readonly events: readonly MeetingEvent[];
  /** Number of the meeting's latest change. */
  readonly lastSequence: number;
}
