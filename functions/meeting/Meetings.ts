// The rules of meetings: create, look up, list, end (ledger GC-13, GC-14).
import { ApiError } from '../../shared/api/error.ts';
import type { CreateMeeting, UpdateMeeting } from '../../shared/api/meeting.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Random } from '../base/random.ts';
import type { TraceContext } from '../base/trace.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { Stores } from '../Stores.ts';
import type { ActiveMeeting, EndedMeeting, Meeting } from './Meeting.ts';
import type { MeetingListQuery, MeetingPage } from './MeetingStore.ts';
import { makeMeetingId } from './meetingId.ts';

/** Ids made up before giving up: with 58 random bits a second collision in a row means that something is broken. */
const MAX_ID_ATTEMPTS = 3;
const END_REASON = 'Meeting has ended';

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
  async create(orgId: string, request: CreateMeeting): Promise<ActiveMeeting> {
    const { clock, random } = this.#options;
    const { meetings } = this.#options.stores;
    const chosen = request.meeting_id as MeetingId | undefined;
    for (let attempt = 0; attempt < MAX_ID_ATTEMPTS; attempt++) {
      const meetingId = chosen ?? makeMeetingId(random);
      const meeting: ActiveMeeting = {
        status: 'active',
        meetingId,
        orgId,
        displayName: request.display_name ?? meetingId,
        maxParticipants: request.max_participants,
        allowGuests: request.allow_guests,
        createdAtMs: clock.epochMs(),
      };
      if (await meetings.create(meeting)) return meeting;
      if (chosen !== undefined)
        throw new ApiError('CONFLICT', `A meeting "${chosen}" exists: choose another id or leave it out`);
    }
    throw new Error(`No free meeting id in ${MAX_ID_ATTEMPTS} attempts`);
  }

  /** @throws ApiError NOT_FOUND when the organisation has no such meeting */
  async get(orgId: string, meetingId: MeetingId): Promise<Meeting> {
    const meeting = await this.#options.stores.meetings.get(meetingId);
    // A meeting of somebody else's looks like none: ids tell nothing to those who guess them.
    if (meeting === undefined || meeting.orgId !== orgId)
      throw new ApiError('NOT_FOUND', `No meeting "${meetingId}": check the id or create it`);
    return meeting;
  }

  /**
   * The meeting as it is after the changes. Those who are in it stay: a smaller size or no guests counts for whoever joins.
   * @throws ApiError NOT_FOUND; also for a meeting that has ended, which changes no more
   */
  async update(orgId: string, meetingId: MeetingId, changes: UpdateMeeting): Promise<ActiveMeeting> {
    const meeting = await this.get(orgId, meetingId);
    const changed =
      meeting.status === 'active'
        ? await this.#options.stores.meetings.update(meetingId, {
            ...(changes.display_name !== undefined && { displayName: changes.display_name }),
            ...(changes.max_participants !== undefined && { maxParticipants: changes.max_participants }),
            ...(changes.allow_guests !== undefined && { allowGuests: changes.allow_guests }),
          })
        : undefined;
    if (changed === undefined) throw new ApiError('NOT_FOUND', 'Meeting has ended');
    return changed;
  }

  async list(query: MeetingListQuery): Promise<MeetingPage> {
    return await this.#options.stores.meetings.list(query);
  }

  /**
   * Ends the meeting for everyone. Ending an ended one is no error: it asks the controller again.
   * @throws ApiError NOT_FOUND
   */
  async end(orgId: string, meetingId: MeetingId, log: Logger, trace: TraceContext): Promise<EndedMeeting> {
    const { clock, retentionMs, region, controllerClient } = this.#options;
    const { meetings, assignments, controllers } = this.#options.stores;
    let meeting = await this.get(orgId, meetingId);
    const nowMs = clock.epochMs();
    const expiresAtMs = (nowMs + retentionMs) as EpochMs;
    if (meeting.status === 'active' && (await meetings.end(meetingId, nowMs, expiresAtMs)))
      log.info('Meeting ended', { meeting_id: meetingId });
    const assignment = await assignments.close(meetingId, region, nowMs, expiresAtMs);
    if (assignment !== undefined) {
      const controller = await controllers.get(assignment.controllerId);
      const told = await (controller === undefined
        ? undefined
        : controllerClient.endMeeting(
            controller,
            { meeting_id: meetingId, generation: assignment.generation, reason: END_REASON },
            trace,
          ));
      // The meeting has ended all the same: nobody can join, and the controller ends it when it is asked again.
      if (told === undefined || !told.ok)
        log.warn('Meeting controller could not be told of the end', {
          meeting_id: meetingId,
          controller_id: assignment.controllerId,
          reason: told?.reason ?? 'not registered',
        });
    }
    if (meeting.status === 'active') meeting = await this.get(orgId, meetingId);
    if (meeting.status === 'active') throw new Error(`Meeting "${meetingId}" is active after its end`);
    return meeting;
  }
}
