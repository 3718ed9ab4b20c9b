// The meetings that this controller has been given (ledger GC-6, MC-8): assignments are fenced by their generation. Only
// so many are served at once; one that nobody is in makes room, and comes back with the next join.
import type { PresenceEntry, SupersededMeeting } from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import type {
  QualityAlerts,
  QualityAlertsAnswer,
  RoutersLost,
  RoutersLostAnswer,
  TransportsLost,
  TransportsLostAnswer,
} from '../../shared/api/handler.ts';
import type {
  AssignMeeting,
  AssignMeetingAnswer,
  EndMeeting,
  EndMeetingAnswer,
  ListParticipants,
  ListParticipantsAnswer,
  RemoveParticipant,
  RemoveParticipantAnswer,
  UpdateMeetingConfig,
  UpdateMeetingConfigAnswer,
} from '../../shared/api/node.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import type { ControlPlane } from './ControlPlane.ts';
import { type DormantMeeting, DormantMeetings } from './DormantMeetings.ts';
import { type EmptyMeeting, EndedNotices } from './EndedNotices.ts';
import type { MediaPlane, RouterAddress } from './MediaPlane.ts';
import { Meeting } from './Meeting.ts';
import type { ConnectionEnd } from './Participant.ts';
import { SignalingError } from './SignalingError.ts';
import * as ends from './sessionEnds.ts';
import { tellQuality } from './tellQuality.ts';

/** A meeting that nobody is in becomes dormant after this; when there is no room for another, at once. */
export const EMPTY_MEETING_KEPT_MS = 5 * 60_000;

export interface MeetingRegistryOptions {
  /** Meetings that are served at once: with somebody in them, or joining. */
  readonly maxMeetings: number;
  readonly maxDormantMeetings?: number | undefined;
  readonly plane: MediaPlane;
  readonly controlPlane: ControlPlane;
  readonly log: Logger;
  readonly tasks: BackgroundTasks;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export class MeetingRegistry {
  readonly #options: MeetingRegistryOptions;
  readonly #meetings = new Map<string, Meeting>();
  readonly #dormant: DormantMeetings;
  readonly #endedNotices: EndedNotices;
  #draining = false;

  constructor(options: MeetingRegistryOptions) {
    this.#options = options;
    this.#dormant = new DormantMeetings(options.maxDormantMeetings);
    this.#endedNotices = new EndedNotices({
      controlPlane: options.controlPlane,
      meetings: () => this.#emptyMeetings(),
      onEnded: (meeting) => this.#endTold(meeting),
      onSuperseded: ({ meetingId, generation }) => {
        if (this.#generationOf(meetingId) === generation) this.#letGo(meetingId);
      },
      tasks: options.tasks,
      log: options.log,
    });
  }

  /** Meetings that are held, with somebody in them or not. */
  get size(): number {
    return this.#meetings.size + this.#dormant.size;
  }

  /** Meetings with somebody in them or joining: what capacity counts. */
  get served(): number {
    let count = 0;
    for (const { emptySinceMs } of this.#meetings.values()) if (emptySinceMs === undefined) count++;
    return count;
  }

  get participants(): number {
    let count = 0;
    for (const meeting of this.#meetings.values()) count += meeting.participants.size;
    return count;
  }

  /** How many are in each meeting that is held (ledger GC-13, GC-17): those that are served, then the others. */
  presence(): PresenceEntry[] {
    const nowMs = this.#options.nowMs();
    const entry = (meetingId: string, generation: number, participants: number, sinceMs?: number) => ({
      meeting_id: meetingId,
      generation,
      participants,
      empty_for_ms: participants > 0 || sinceMs === undefined ? 0 : Math.max(0, Math.floor(nowMs - sinceMs)),
    });
    return [
      ...[...this.#meetings.values()].map((each) =>
        entry(each.id, each.generation, each.participants.size, each.emptySinceMs),
      ),
      ...[...this.#dormant.values()].map(({ assignment, emptySinceMs }) =>
        entry(assignment.meeting_id, assignment.generation, 0, emptySinceMs),
      ),
    ];
  }

  find(meetingId: string): Meeting | undefined {
    return this.#meetings.get(meetingId);
  }

  /**
   * The meeting for somebody who joins, dormant before or not; undefined when it is not held.
   * @throws SignalingError CAPACITY_EXCEEDED when it is dormant and all the meetings that may be served have somebody
   */
  enter(meetingId: string): Meeting | undefined {
    const held = this.#meetings.get(meetingId);
    const before = this.#dormant.get(meetingId);
    if (held !== undefined || before === undefined) return held;
    if (!this.#makeRoom()) throw SignalingError.controllerFull();
    return this.#serve(before.assignment, before);
  }

  /** Puts away the meetings that have been empty for a while, and ends those that were for long. To be called about once a second. */
  tick(nowMs: number): void {
    for (const meeting of this.#meetings.values()) {
      const { emptySinceMs } = meeting;
      if (emptySinceMs !== undefined && nowMs - emptySinceMs >= EMPTY_MEETING_KEPT_MS) this.#putAway(meeting);
    }
    this.#endedNotices.tick(nowMs);
  }

  /**
   * Takes a meeting. The generation that is held is accepted again, and changes no more than what the meeting is like and
   * who is kept out; a higher one replaces the assignment.
   * The answer says what is held then.
   * @throws ApiError CONFLICT for a lower one: its sender no longer speaks for the meeting.
   */
  assign(assignment: AssignMeeting): AssignMeetingAnswer {
    const { meeting_id: id, generation } = assignment;
    const { log } = this.#options;
    if (this.#draining) return { accepted: false, rejection: 'NODE_DRAINING' };
    const held = this.#meetings.get(id);
    const before = this.#dormant.get(id);
    const heldGeneration = held?.generation ?? before?.assignment.generation ?? 0;
    if (generation < heldGeneration) throw staleGeneration(id, heldGeneration, generation);
    if (held === undefined && !this.#makeRoom()) return { accepted: false, rejection: 'AT_CAPACITY' };
    const isSame = generation === heldGeneration;
    const meeting = held ?? this.#serve(isSame ? (before?.assignment ?? assignment) : assignment, before);
    if (!isSame) {
      held?.reassign(assignment);
      const message = heldGeneration === 0 ? 'Meeting assigned' : 'Meeting reassigned';
      log.info(message, { meeting_id: id, generation, requested_by: assignment.requested_by });
    } else if (isNewer(assignment.config, meeting.assignment.config)) meeting.updateConfig(assignment.config);
    for (const participantId of assignment.removed_participant_ids ?? [])
      meeting.removeForGood(participantId);
    return { accepted: true, rejection: 'NONE', generation, handler_ids: meeting.handlerIds };
  }

  /**
   * Ends a meeting for everyone in it, or where it has moved lets it go; `ended` is false when there is none.
   * @throws ApiError CONFLICT when the generation is lower than the one held.
   */
  end({ meeting_id: id, generation, reason, moved = false }: EndMeeting): EndMeetingAnswer {
    const meeting = this.#meetings.get(id);
    const heldGeneration = meeting?.generation ?? this.#dormant.get(id)?.assignment.generation;
    if (heldGeneration === undefined) return { ended: false };
    if (generation < heldGeneration) throw staleGeneration(id, heldGeneration, generation);
    if (moved) return { ended: this.#letGo(id) };
    this.#meetings.delete(id);
    this.#dormant.delete(id);
    meeting?.end();
    this.#options.log.info('Meeting ended', { meeting_id: id, generation, reason });
    return { ended: true };
  }

  /**
   * Changes what a meeting is like; `updated` is false when what is held is as new, or there is no such meeting.
   * @throws ApiError CONFLICT when the generation is lower than the one held.
   */
  updateConfig({ meeting_id: id, generation, config }: UpdateMeetingConfig): UpdateMeetingConfigAnswer {
    const { log } = this.#options;
    const { meeting, dormant } = this.#find(id);
    const assignment = meeting?.assignment ?? dormant?.assignment;
    if (assignment === undefined) return { updated: false };
    if (generation < assignment.generation) throw staleGeneration(id, assignment.generation, generation);
    if (!isNewer(config, assignment.config)) return { updated: false };
    meeting?.updateConfig(config);
    if (dormant !== undefined) this.#keep({ ...dormant, assignment: { ...assignment, config } });
    log.info('Meeting changed', { meeting_id: id, generation, max_participants: config.max_participants });
    return { updated: true };
  }

  /** Others serve these meetings, in these generations: those that are held in an earlier one are let go (ledger MC-8). */
  superseded(meetings: readonly SupersededMeeting[]): void {
    for (const { meeting_id: id, generation } of meetings) {
      if ((this.#generationOf(id) ?? generation) < generation) this.#letGo(id);
    }
  }

  /**
   * Takes a participant out for good; `removed` is false when it is not there, and then it does not come in either.
   * @throws ApiError CONFLICT when the generation is lower than the one held, NOT_FOUND when the meeting is not here.
   */
  removeParticipant(removal: RemoveParticipant): RemoveParticipantAnswer {
    const { meeting, dormant } = this.#heldOf(removal);
    const removed = meeting?.removeForGood(removal.participant_id) ?? false;
    if (dormant !== undefined)
      this.#keep({ ...dormant, removed: [...new Set([...dormant.removed, removal.participant_id])] });
    const fields = { meeting_id: removal.meeting_id, participant_id: removal.participant_id, removed };
    this.#options.log.info('Participant removed', { ...fields, reason: removal.reason });
    return { removed };
  }

  /** @throws ApiError CONFLICT when the generation is lower than the one held, NOT_FOUND when the meeting is not here. */
  listParticipants(question: ListParticipants): ListParticipantsAnswer {
    const participants = [...(this.#heldOf(question).meeting?.participants.values() ?? [])];
    return {
      participants: participants.map(({ participantId, userId, displayName, joinedAtMs }) => ({
        participant_id: participantId,
        user_id: userId,
        display_name: displayName,
        joined_at_ms: joinedAtMs,
      })),
    };
  }

  #heldOf({ meeting_id: id, generation }: ListParticipants): Held {
    const { meeting, dormant } = this.#find(id);
    const heldGeneration = meeting?.generation ?? dormant?.assignment.generation;
    if (heldGeneration === undefined) throw new ApiError('NOT_FOUND', `Meeting "${id}" is not held here`);
    if (generation < heldGeneration) throw staleGeneration(id, heldGeneration, generation);
    return { meeting, dormant };
  }

  #serve(assignment: AssignMeeting, before: DormantMeeting | undefined): Meeting {
    const { plane, controlPlane, log, tasks, nowMs, wait } = this.#options;
    const meeting = new Meeting({
      assignment,
      before,
      plane,
      controlPlane,
      onSuperseded: (superseded) => {
        if (this.#meetings.get(superseded.id) === superseded) this.#letGo(superseded.id);
      },
      onEnded: (over) => {
        if (this.#meetings.get(over.id) === over) this.#meetings.delete(over.id);
        over.end();
      },
      log,
      tasks,
      nowMs,
      wait,
    });
    this.#dormant.delete(meeting.id);
    this.#meetings.set(meeting.id, meeting);
    return meeting;
  }

  /** Somebody else serves it: whoever is here is to join again there (ledger MC-8). False when it was not held. */
  #letGo(id: string): boolean {
    const { meeting, dormant } = this.#find(id);
    if (meeting === undefined && dormant === undefined) return false;
    const generation = this.#generationOf(id);
    const participants = meeting?.participants.size ?? 0;
    this.#meetings.delete(id);
    this.#dormant.delete(id);
    meeting?.goAway(ends.superseded);
    const fields = { meeting_id: id, generation, participants };
    this.#options.log.warn('Meeting let go: it is served by another controller', fields);
    return true;
  }

  *#emptyMeetings(): Iterable<EmptyMeeting> {
    for (const { id, generation, emptySinceMs } of this.#meetings.values())
      yield { meetingId: id, generation, emptySinceMs };
    for (const { assignment, emptySinceMs } of this.#dormant.values())
      yield { meetingId: assignment.meeting_id, generation: assignment.generation, emptySinceMs };
  }

  /** The global controller knows of the end; whoever has joined meanwhile is told. */
  #endTold({ meetingId, generation }: EmptyMeeting): void {
    if (this.#generationOf(meetingId) !== generation) return;
    const { meeting } = this.#find(meetingId);
    this.#meetings.delete(meetingId);
    this.#dormant.delete(meetingId);
    meeting?.end();
  }

  #generationOf(id: string): number | undefined {
    const { meeting, dormant } = this.#find(id);
    return meeting?.generation ?? dormant?.assignment.generation;
  }

  #find(id: string): Held {
    return { meeting: this.#meetings.get(id), dormant: this.#dormant.get(id) };
  }

  /** Whether one more can be served; the one that has been empty for longest goes for it. */
  #makeRoom(): boolean {
    if (this.#meetings.size < this.#options.maxMeetings) return true;
    let longestEmpty: Meeting | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const meeting of this.#meetings.values()) {
      const { emptySinceMs = Number.POSITIVE_INFINITY } = meeting;
      if (emptySinceMs >= sinceMs) continue;
      longestEmpty = meeting;
      sinceMs = emptySinceMs;
    }
    if (longestEmpty === undefined) return false;
    this.#putAway(longestEmpty);
    return true;
  }

  #putAway(meeting: Meeting): void {
    this.#meetings.delete(meeting.id);
    this.#keep(meeting.toDormant());
  }

  #keep(record: DormantMeeting): void {
    const forgotten = this.#dormant.put(record);
    if (forgotten === undefined) return;
    this.#options.log.warn('Meeting forgotten: too many are assigned that nobody is in', {
      meeting_id: forgotten,
    });
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

  /** Sessions have ended at a media handler: those whose participants are still there get others (ledger SFU-9). */
  transportsLost({ handler_id: handlerId, transports }: TransportsLost): TransportsLostAnswer {
    const inUse = transports.filter(
      ({ router_id: routerId, meeting_id: meetingId, transport_id: transportId }) =>
        this.#meetings.get(meetingId)?.transportLost({ handlerId, routerId, transportId }),
    );
    return { recovering: inUse.length };
  }

  /** A media handler tells of participants' paths: their meetings are told (ledger MH-5). */
  qualityAlerts({ handler_id: handlerId, alerts }: QualityAlerts): QualityAlertsAnswer {
    const told = alerts.filter((alert) => {
      const meeting = this.#meetings.get(alert.meeting_id);
      return meeting !== undefined && tellQuality(meeting, handlerId, alert);
    });
    return { told: told.length };
  }

  /** Of each meeting that is served. */
  *routersInUse(): Iterable<RouterAddress> {
    for (const { router } of this.#meetings.values()) if (router.address !== undefined) yield router.address;
  }

  /** Meetings that use this handler get another (ledger GC-11). */
  handlerDead(handlerId: string, error: unknown): void {
    for (const { router } of this.#meetings.values()) router.loseHandler(handlerId, error);
  }

  /** Takes no more meetings, and sends everyone away from those it has. */
  drain(end: ConnectionEnd): void {
    this.#draining = true;
    for (const meeting of this.#meetings.values()) meeting.goAway(end);
    this.#meetings.clear();
    this.#dormant.clear();
  }
}

/** At most one of the two. */
interface Held {
  readonly meeting: Meeting | undefined;
  readonly dormant: DormantMeeting | undefined;
}

/** What has no version replaces what has none. */
function isNewer(config: AssignMeeting['config'], held: AssignMeeting['config']): boolean {
  return (config.version ?? 0) > (held.version ?? 0);
}

function staleGeneration(meetingId: string, held: number, generation: number): ApiError {
  return new ApiError(
    'CONFLICT',
    `Generation of meeting "${meetingId}" must be at least ${held}: got ${generation}`,
  );
}
