// A meeting as its controller holds it: the assignment, who is joining, who is there (ledger MC-2 to MC-4). Every change
// of the roster and the messages that tell of it happen in one go, so that all participants see one order of events.
import type { AssignMeeting } from '../../shared/api/node.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Logger } from '../../shared/base/log.ts';
import {
  frameServerMessage,
  type LeaveReason,
  type ServerMessageInit,
  signaling,
} from '../../shared/signaling/messages.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import type { ControlPlane } from './ControlPlane.ts';
import type { DormantMeeting } from './DormantMeetings.ts';
import { HandlerReplacement } from './HandlerReplacement.ts';
import { KeptMutes } from './KeptMutes.ts';
import type { MediaPlane } from './MediaPlane.ts';
import { MeetingRecovery } from './MeetingRecovery.ts';
import { MeetingRouter } from './MeetingRouter.ts';
import type { ConnectionEnd, Participant, ParticipantConnection } from './Participant.ts';
import type { PublishedStream } from './PublishedStream.ts';
import { SignalingError } from './SignalingError.ts';

export interface MeetingOptions {
  readonly assignment: AssignMeeting;
  /** What it was before nobody was in it. */
  readonly before?: DormantMeeting | undefined;
  readonly plane: MediaPlane;
  readonly controlPlane: ControlPlane;
  /** Another controller, or another assignment, serves it: it is to be let go (ledger MC-8). */
  readonly onSuperseded: (meeting: Meeting) => void;
  /** The global controller says that it has ended. */
  readonly onEnded: (meeting: Meeting) => void;
  readonly log: Logger;
  readonly tasks: BackgroundTasks;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const SUPERSEDED: ConnectionEnd = {
  code: CloseCode.conflict,
  reason: 'Joined again over another connection',
  leaveReason: signaling.LeaveReason.CONNECTION_LOST,
  last: {
    error: { code: signaling.ErrorCode.CONFLICT, message: 'Joined again over another connection' },
  },
};

const MEDIA_LOST: ConnectionEnd = {
  code: CloseCode.goingAway,
  reason: 'The media server was lost: join again',
  leaveReason: signaling.LeaveReason.CONNECTION_LOST,
};

/** Participants that are kept out; a join token of an older one has expired long since. */
const MAX_REMOVED = 10_000;

export class Meeting {
  readonly id: string;
  readonly log: Logger;
  readonly router: MeetingRouter;
  /** What hosts have muted, of those who are there and those who may come back. */
  readonly mutes: KeptMutes;
  readonly #tasks: BackgroundTasks;
  readonly #recovery: MeetingRecovery;
  /** By participant id. */
  readonly #participants = new Map<string, Participant>();
  readonly #byUserId = new Map<number, Participant>();
  /** Whose join is under way, by participant id. */
  readonly #joining = new Map<string, ParticipantConnection>();
  /** Ids of participants that were removed, in order. */
  readonly #removed = new Set<string>();
  #assignment: AssignMeeting;
  readonly #nowMs: () => number;
  #lastUserId: number;
  #emptySinceMs: number;
  /** How it was closed here, once it was. */
  #end: ConnectionEnd | undefined;

  constructor(options: MeetingOptions) {
    const { assignment, before, plane, log, tasks, nowMs, wait } = options;
    this.id = assignment.meeting_id;
    this.log = log.with({ meeting_id: this.id });
    this.#assignment = assignment;
    this.#tasks = tasks;
    this.#nowMs = nowMs;
    this.#emptySinceMs = nowMs();
    this.#lastUserId = before?.lastUserId ?? 0;
    for (const participantId of before?.removed ?? []) this.#removed.add(participantId);
    const { controlPlane } = options;
    this.mutes = new KeptMutes({
      controlPlane,
      assignment: () => this.#assignment,
      onSuperseded: () => options.onSuperseded(this),
      tasks,
      log: this.log,
      wait,
    });
    this.mutes.restore([...(before?.hostMutes ?? []), ...(assignment.host_mutes ?? [])]);
    const replacement = new HandlerReplacement({
      controlPlane,
      assignment: () => this.#assignment,
      onReplaced: (media_handlers, generation) => {
        if (this.generation === generation) this.#assignment = { ...this.#assignment, media_handlers };
      },
      onSuperseded: () => options.onSuperseded(this),
      onEnded: () => options.onEnded(this),
      log: this.log,
      wait,
    });
    this.router = new MeetingRouter({
      plane,
      plan: () => ({
        meetingId: this.id,
        generation: this.#assignment.generation,
        handlers: rankedHandlers(this.#assignment),
      }),
      replaceHandlers: async (failures) => this.#end === undefined && (await replacement.replace(failures)),
      onSuperseded: () => options.onSuperseded(this),
      log: this.log,
      tasks,
      onLost: (lost) => this.#recovery.lost(lost),
      onAbandoned: (abandoned) => this.#recovery.abandoned(abandoned),
    });
    this.#recovery = new MeetingRecovery({
      plane,
      router: this.router,
      participants: () => this.#participants.values(),
      onGivenUp: (stranded) => {
        for (const participant of stranded) participant.connection.end(MEDIA_LOST);
      },
      tasks,
      log: this.log,
      nowMs,
      wait,
    });
  }

  get assignment(): AssignMeeting {
    return this.#assignment;
  }

  get generation(): number {
    return this.#assignment.generation;
  }

  get handlerIds(): string[] {
    return rankedHandlers(this.#assignment).map(({ handler_id }) => handler_id);
  }

  get displayName(): string {
    return this.#assignment.config.display_name;
  }

  get maxParticipants(): number {
    return this.#assignment.config.max_participants;
  }

  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  /** Joins under way. */
  get joining(): number {
    return this.#joining.size;
  }

  /** Since when nobody is in it or joining, monotonic ms; undefined while somebody is, or their media is cleaned up. */
  get emptySinceMs(): number | undefined {
    return this.#isEmpty() && this.router.isIdle ? this.#emptySinceMs : undefined;
  }

  toDormant(): DormantMeeting {
    return {
      assignment: this.#assignment,
      emptySinceMs: this.#emptySinceMs,
      lastUserId: this.#lastUserId,
      removed: [...this.#removed],
      hostMutes: this.mutes.list(),
    };
  }

  /** Takes over a newer assignment. Who is there stays; the next router is made at its handlers. */
  reassign(assignment: AssignMeeting): void {
    this.#assignment = assignment;
    this.mutes.restore(assignment.host_mutes ?? []);
  }

  /** It was changed: counts at once for whoever joins, and those who are there are told. */
  updateConfig(config: AssignMeeting['config']): void {
    this.#assignment = { ...this.#assignment, config };
    this.#tellAll({
      meetingUpdated: { meetingName: config.display_name, maxParticipants: config.max_participants },
    });
  }

  /** A participant's session with the media server has ended. False when it is none that is in use. */
  transportLost(lost: {
    readonly handlerId: string;
    readonly routerId: string;
    readonly transportId: string;
  }): boolean {
    for (const participant of this.#participants.values()) {
      const { router, transport, lost: isLost } = participant.media;
      if (isLost || transport.transport_id !== lost.transportId || router.routerId !== lost.routerId)
        continue;
      if (router.handler.handler_id !== lost.handlerId) return false;
      this.log.info('Media session of a participant lost', fieldsOf(participant));
      participant.media.lose();
      this.#recovery.transportLost(participant);
      return true;
    }
    return false;
  }

  /** Resolves when the meeting has a media server, or has given up on one. Never rejects. */
  async recovered(): Promise<void> {
    await this.#recovery.settled();
  }

  participantOf(userId: number): Participant | undefined {
    return this.#byUserId.get(userId);
  }

  streamOf(userId: number, streamId: number): PublishedStream | undefined {
    return this.#byUserId.get(userId)?.streams.get(streamId);
  }

  /** The next user id; never given out twice in a meeting. */
  takeUserId(): number {
    this.#lastUserId += 1;
    return this.#lastUserId;
  }

  /**
   * Keeps a place for a participant until `signal` aborts or admit(). An earlier join of the same participant that is
   * still under way ends; one that is in the meeting stays until the new one is admitted.
   * @throws SignalingError when the meeting is full or has ended, or the participant was removed from it.
   */
  reserve(participantId: string, connection: ParticipantConnection, signal: AbortSignal): void {
    if (this.#end !== undefined) throw SignalingError.meetingEnded();
    if (this.#removed.has(participantId)) throw SignalingError.removed();
    this.#joining.get(participantId)?.end(SUPERSEDED);
    const newcomers = [...this.#joining.keys()].filter((id) => !this.#participants.has(id)).length;
    if (!this.#participants.has(participantId) && this.#participants.size + newcomers >= this.maxParticipants)
      throw SignalingError.meetingFull();
    this.#joining.set(participantId, connection);
    signal.addEventListener('abort', () => this.cancel(participantId, connection), { once: true });
  }

  /** Gives back the place of a join that came to nothing. Idempotent. */
  cancel(participantId: string, connection: ParticipantConnection): void {
    if (this.#joining.get(participantId) !== connection) return;
    this.#joining.delete(participantId);
    if (this.#isEmpty()) this.#emptySinceMs = this.#nowMs();
  }

  /** Puts a participant into the roster and tells the others; `welcome` tells the participant itself, in front of all. */
  admit(participant: Participant, welcome: (others: readonly Participant[]) => void): void {
    this.cancel(participant.participantId, participant.connection);
    const older = this.#participants.get(participant.participantId);
    if (older !== undefined) {
      this.leave(older, SUPERSEDED.leaveReason);
      older.connection.end(SUPERSEDED);
    }
    const others = [...this.#participants.values()];
    this.#participants.set(participant.participantId, participant);
    this.#byUserId.set(participant.userId, participant);
    welcome(others);
    // Its router went in the turns between the transport and here: it is told of another one right away.
    if (participant.media.lost) this.#recovery.lost(participant.media.router);
    this.tellOthers(participant, { participantJoined: { participant: participant.toInfo() } });
    this.log.info('Participant joined', fieldsOf(participant));
  }

  /** Takes a participant out, with all it had, and tells the others. Idempotent. */
  leave(participant: Participant, reason: LeaveReason): void {
    if (!this.#remove(participant, reason)) return;
    const { participantId, userId } = participant;
    this.tellOthers(participant, { participantLeft: { participantId, userId, reason } });
  }

  /** Takes a participant out, and lets it in no more. False when it was not there. */
  removeForGood(participantId: string): boolean {
    this.#removed.add(participantId);
    if (this.#removed.size > MAX_REMOVED)
      for (const oldest of this.#removed) {
        this.#removed.delete(oldest);
        break;
      }
    const end = removal();
    this.#joining.get(participantId)?.end(end);
    const participant = this.#participants.get(participantId);
    if (participant === undefined) return false;
    this.leave(participant, end.leaveReason);
    participant.connection.end(end);
    return true;
  }

  /** Ends the meeting for everyone. Idempotent. */
  end(): void {
    this.#close(meetingEnd());
  }

  /** It is not served here any more: everyone is to join again elsewhere. Idempotent. */
  goAway(end: ConnectionEnd): void {
    this.#close(end);
  }

  #close(end: ConnectionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#endAll(end);
  }

  /** Sends a notice to everyone but this participant. */
  tellOthers(participant: Participant, notice: ServerMessageInit): void {
    this.#tellAll(notice, participant);
  }

  #tellAll(notice: ServerMessageInit, except?: Participant): void {
    if (this.#participants.size === 0) return;
    const frame = frameServerMessage(notice);
    for (const other of this.#participants.values()) if (other !== except) other.connection.send(frame);
  }

  #endAll(end: ConnectionEnd): void {
    for (const connection of [...this.#joining.values()]) connection.end(end);
    for (const participant of [...this.#participants.values()]) {
      this.#remove(participant, end.leaveReason);
      participant.connection.end(end);
    }
  }

  #isEmpty(): boolean {
    return this.#participants.size === 0 && this.#joining.size === 0;
  }

  #remove(participant: Participant, reason: LeaveReason): boolean {
    if (this.#participants.get(participant.participantId) !== participant) return false;
    this.#participants.delete(participant.participantId);
    this.#byUserId.delete(participant.userId);
    if (this.#isEmpty()) this.#emptySinceMs = this.#nowMs();
    participant.depart();
    this.#tasks.add('close transport', participant.media.close());
    this.log.info('Participant left', {
      ...fieldsOf(participant),
      reason: signaling.LeaveReason[reason],
      joined_at_ms: participant.joinedAtMs,
      last_seen_at_ms: participant.lastSeenAtMs,
    });
    return true;
  }
}

function removal(): ConnectionEnd {
  const refusal = SignalingError.removed();
  return {
    code: refusal.closeCode,
    reason: refusal.message,
    leaveReason: signaling.LeaveReason.REMOVED,
    last: refusal.toMessage(0),
  };
}

function meetingEnd(): ConnectionEnd {
  const refusal = SignalingError.meetingEnded();
  return {
    code: refusal.closeCode,
    reason: refusal.message,
    leaveReason: signaling.LeaveReason.MEETING_ENDED,
    last: refusal.toMessage(0),
  };
}

function rankedHandlers({ media_handlers: handlers }: AssignMeeting): AssignMeeting['media_handlers'] {
  return handlers.toSorted((a, b) => rank(a.role) - rank(b.role));
}

function rank(role: AssignMeeting['media_handlers'][number]['role']): number {
  return role === 'PRIMARY' ? 0 : 1;
}

function fieldsOf({ participantId, userId, traceId }: Participant) {
  return { participant_id: participantId, user_id: userId, trace_id: traceId };
}
