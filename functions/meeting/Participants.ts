// Who is in a meeting, which its controller knows, and taking somebody out of it.
import { ApiError } from '../../shared/api/error.ts';
import type { ParticipantBody } from '../../shared/api/participant.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { Result } from '../../shared/base/result.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import {
  CLOCK_SKEW_SECONDS,
  JOIN_TOKEN_LIFETIME_SECONDS,
  REFRESH_GRACE_SECONDS,
} from '../../shared/token/joinToken.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import type { Stores } from '../Stores.ts';
import type { MeetingRecord } from './Meeting.ts';
import type { Meetings } from './Meetings.ts';

const RETRY_AFTER_SECONDS = 2;
/** Of one removal: the meeting moves no faster than its controllers can be told. */
const MAX_CONTROLLERS_TOLD = 3;
const REMOVAL_REASON = 'Removed from the meeting';
/** No token of the participant lives longer, and no new one is made: then there is nothing left to keep out. */
const REMOVED_KEPT_MS =
  (JOIN_TOKEN_LIFETIME_SECONDS + REFRESH_GRACE_SECONDS + 2 * CLOCK_SKEW_SECONDS) * 1_000;

export interface ParticipantsOptions {
  readonly region: string;
  readonly meetings: Meetings;
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
}

interface Serving {
  readonly controller: MeetingController;
  readonly generation: number;
}

export class Participants {
  readonly #options: ParticipantsOptions;

  constructor(options: ParticipantsOptions) {
    this.#options = options;
  }

  /**
   * Those who are there now: none before the first join and after the end.
   * @throws ApiError NOT_FOUND, or 503 when the controller cannot be asked
   */
  async list(orgId: string, meetingId: MeetingId, trace: TraceContext): Promise<ParticipantBody[]> {
    const serving = await this.#servingOf(await this.#options.meetings.get(orgId, meetingId));
    if (serving === undefined) return [];
    const { controller, generation } = serving;
    const question = { meeting_id: meetingId, generation };
    const there = answered(
      await this.#options.controllerClient.listParticipants(controller, question, trace),
    );
    return there.map(({ joined_at_ms: joinedAtMs, ...participant }) => ({
      ...participant,
      joined_at: new Date(joinedAtMs).toISOString(),
    }));
  }

  /**
   * Takes a participant out and keeps it out; whether it was there. To do it again changes nothing.
   * @param orgId whose meeting it is; undefined where the meeting is known to be the caller's
   * @throws ApiError NOT_FOUND, or 503 when the controller cannot be told: it is kept out all the same
   */
  async remove(
    orgId: string | undefined,
    meetingId: MeetingId,
    participantId: ParticipantId,
    trace: TraceContext,
  ): Promise<boolean> {
    const { meetings, stores, clock } = this.#options;
    await meetings.get(orgId, meetingId);
    // First, so that no token is made for it while the controller is told.
    const expiresAtMs = (clock.epochMs() + REMOVED_KEPT_MS) as EpochMs;
    await stores.access.removedParticipants.add(meetingId, participantId, expiresAtMs);
    let wasThere = false;
    // Another controller that takes the meeting meanwhile may have been told who is removed before this was.
    let told: Serving | undefined;
    for (let round = 0; round < MAX_CONTROLLERS_TOLD; round++) {
      const serving = await this.#servingOf(await meetings.get(orgId, meetingId));
      if (serving === undefined || serving.generation === told?.generation) break;
      wasThere = (await this.#tellRemoval(serving, meetingId, participantId, trace)) || wasThere;
      told = serving;
    }
    return wasThere;
  }

  async #tellRemoval(
    { controller, generation }: Serving,
    meetingId: MeetingId,
    participantId: ParticipantId,
    trace: TraceContext,
  ): Promise<boolean> {
    const removal = {
      meeting_id: meetingId,
      generation,
      participant_id: participantId,
      reason: REMOVAL_REASON,
    };
    return answered(await this.#options.controllerClient.removeParticipant(controller, removal, trace));
  }

  async #servingOf(meeting: MeetingRecord): Promise<Serving | undefined> {
    const assignment = meeting.status === 'active' ? meeting.assignments[this.#options.region] : undefined;
    if (assignment === undefined) return undefined;
    const controller = await this.#options.stores.controllers.get(assignment.controllerId);
    if (controller === undefined) throw away('it is not registered');
    return { controller, generation: assignment.generation };
  }
}

function answered<Value>(answer: Result<Value>): Value {
  if (!answer.ok) throw away(answer.reason);
  return answer.value;
}

function away(cause: string): ApiError {
  return new ApiError('INTERNAL_ERROR', 'The meeting’s controller cannot be asked: try again shortly', {
    status: 503,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
