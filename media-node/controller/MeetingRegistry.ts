// The meetings that this controller has been given (ledger GC-6, MC-8): assignments are fenced by their generation.
import { ApiError } from '../../shared/api/error.ts';
import type { RoutersLost, RoutersLostAnswer } from '../../shared/api/handler.ts';
import type {
  AssignMeeting,
  AssignMeetingAnswer,
  EndMeeting,
  EndMeetingAnswer,
  ListParticipants,
  ListParticipantsAnswer,
  RemoveParticipant,
  RemoveParticipantAnswer,
} from '../../shared/api/node.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import type { MediaPlane } from './MediaPlane.ts';
import { Meeting } from './Meeting.ts';
import type { ConnectionEnd } from './Participant.ts';

export interface MeetingRegistryOptions {
  readonly maxMeetings: number;
  readonly plane: MediaPlane;
  readonly log: Logger;
  readonly tasks: BackgroundTasks;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export class MeetingRegistry {
  readonly #options: MeetingRegistryOptions;
  readonly #meetings = new Map<string, Meeting>();
  #draining = false;

  constructor(options: MeetingRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#meetings.size;
  }

  get participants(): number {
    let count = 0;
    for (const meeting of this.#meetings.values()) count += meeting.participants.size;
    return count;
  }

  find(meetingId: string): Meeting | undefined {
    return this.#meetings.get(meetingId);
  }

  /**
   * Takes a meeting. The generation that is held is accepted again without effect; a higher one replaces the assignment.
   * @throws ApiError CONFLICT for a lower one: its sender no longer speaks for the meeting.
   */
  assign(assignment: AssignMeeting): AssignMeetingAnswer {
    const { meeting_id: id, generation } = assignment;
    const { maxMeetings, log, ...meetingOptions } = this.#options;
    if (this.#draining) return { accepted: false, rejection: 'NODE_DRAINING' };
    const held = this.#meetings.get(id);
    if (held !== undefined) {
      if (generation < held.generation) throw staleGeneration(held, generation);
      if (generation > held.generation) {
        log.info('Meeting reassigned', { meeting_id: id, generation });
        held.reassign(assignment);
      }
      return { accepted: true, rejection: 'NONE' };
    }
    if (this.#meetings.size >= maxMeetings) return { accepted: false, rejection: 'AT_CAPACITY' };
    this.#meetings.set(id, new Meeting({ assignment, log, ...meetingOptions }));
    log.info('Meeting assigned', { meeting_id: id, generation, requested_by: assignment.requested_by });
    return { accepted: true, rejection: 'NONE' };
  }

  /**
   * Ends a meeting for everyone in it; `ended` is false when there is none.
   * @throws ApiError CONFLICT when the generation is lower than the one held.
   */
  end({ meeting_id: id, generation, reason }: EndMeeting): EndMeetingAnswer {
    const meeting = this.#meetings.get(id);
    if (meeting === undefined) return { ended: false };
    if (generation < meeting.generation) throw staleGeneration(meeting, generation);
    this.#meetings.delete(id);
    meeting.end();
    this.#options.log.info('Meeting ended', { meeting_id: id, generation, reason });
    return { ended: true };
  }

  /**
   * Takes a participant out for good; `removed` is false when it is not there, and then it does not come in either.
   * @throws ApiError CONFLICT when the generation is lower than the one held, NOT_FOUND when the meeting is not here.
   */
  removeParticipant(removal: RemoveParticipant): RemoveParticipantAnswer {
    const meeting = this.#meetingOf(removal);
    const removed = meeting.removeForGood(removal.participant_id);
    const fields = { meeting_id: meeting.id, participant_id: removal.participant_id, removed };
    this.#options.log.info('Participant removed', { ...fields, reason: removal.reason });
    return { removed };
  }

  /** @throws ApiError CONFLICT when the generation is lower than the one held, NOT_FOUND when the meeting is not here. */
  listParticipants(question: ListParticipants): ListParticipantsAnswer {
    const participants = [...this.#meetingOf(question).participants.values()];
    return {
      participants: participants.map(({ participantId, userId, displayName, joinedAtMs }) => ({
        participant_id: participantId,
        user_id: userId,
        display_name: displayName,
        joined_at_ms: joinedAtMs,
      })),
    };
  }

  #meetingOf({ meeting_id: id, generation }: ListParticipants): Meeting {
    const meeting = this.#meetings.get(id);
    if (meeting === undefined) throw new ApiError('NOT_FOUND', `Meeting "${id}" is not held here`);
    if (generation < meeting.generation) throw staleGeneration(meeting, generation);
    return meeting;
  }

  /** A media handler has lost routers: meetings that use one of them get another (ledger SFU-9). */
  routersLost({ handler_id: handlerId, routers, reason }: RoutersLost): RoutersLostAnswer {
    const inUse = routers.filter(({ router_id: routerId, meeting_id: meetingId }) =>
      this.#meetings.get(meetingId)?.router.lose(routerId, handlerId),
    );
    const fields = { handler_id: handlerId, routers: routers.length, recovering: inUse.length, reason };
    this.#options.log.info('Media handler lost routers', fields);
    return { recovering: inUse.length };
  }

  /** Takes no more meetings, and sends everyone away from those it has. */
  drain(end: ConnectionEnd): void {
    this.#draining = true;
    for (const meeting of this.#meetings.values()) meeting.goAway(end);
    this.#meetings.clear();
  }
}

function staleGeneration(meeting: Meeting, generation: number): ApiError {
  return new ApiError(
    'CONFLICT',
    `Generation of meeting "${meeting.id}" must be at least ${meeting.generation}: got ${generation}`,
  );
}
