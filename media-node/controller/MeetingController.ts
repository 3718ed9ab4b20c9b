// The meeting controller without its ports: sessions come in, calls of the agent come in, calls to media handlers go out.
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../shared/api/error.ts';
import type { RoutersLost, RoutersLostAnswer } from '../../shared/api/handler.ts';
import type {
  AssignMeeting,
  AssignMeetingAnswer,
  EndMeeting,
  EndMeetingAnswer,
} from '../../shared/api/node.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Logger } from '../../shared/base/log.ts';
import { signaling } from '../../shared/signaling/messages.ts';
import { keySetResolver } from '../../shared/token/signingKey.ts';
import type { MediaSession } from '../transport/MediaSession.ts';
import { BackgroundTasks } from './BackgroundTasks.ts';
import type { ControlPlane } from './ControlPlane.ts';
import { HandlerWatch } from './HandlerWatch.ts';
import type { JoinServices } from './join.ts';
import { DEFAULT_SIGNALING_LIMITS, type SignalingLimits } from './limits.ts';
import type { MediaPlane } from './MediaPlane.ts';
import { MeetingRegistry } from './MeetingRegistry.ts';
import type { ConnectionEnd } from './Participant.ts';
import { Refusals } from './Refusals.ts';
import { SignalingSession } from './SignalingSession.ts';

export interface MeetingControllerOptions {
  readonly controllerId: string;
  /** Meetings that are served at once: with somebody in them, or joining. */
  readonly maxMeetings: number;
  /** Meetings held beside them that nobody is in; MAX_DORMANT_MEETINGS by default. */
  readonly maxDormantMeetings?: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  /** A session that has not joined after this is closed, ms. */
  readonly joinTimeoutMs: number;
  readonly limits?: SignalingLimits;
  readonly plane: MediaPlane;
  readonly controlPlane: ControlPlane;
  readonly clock: Clock;
  readonly log: Logger;
  /** Resolves after this time, ms; the runtime's timer by default. */
  readonly wait?: (ms: number) => Promise<void>;
}

export class MeetingController {
  readonly #options: MeetingControllerOptions;
  readonly #tasks: BackgroundTasks;
  readonly #join: JoinServices;
  readonly #sessions = new Set<SignalingSession>();
  readonly meetings: MeetingRegistry;
  readonly refusals = new Refusals();
  readonly #watch: HandlerWatch;
  #keys: JWTVerifyGetKey | undefined;

  constructor(options: MeetingControllerOptions) {
    const { controllerId, maxMeetings, plane, controlPlane, clock, log } = options;
    const { heartbeatIntervalMs, heartbeatTimeoutMs, wait = waitWithTimer } = options;
    this.#options = options;
    this.#tasks = new BackgroundTasks(log);
    this.meetings = new MeetingRegistry({
      maxMeetings,
      maxDormantMeetings: options.maxDormantMeetings,
      plane,
      controlPlane,
      log,
      tasks: this.#tasks,
      nowMs: () => clock.monotonicMs(),
      wait,
    });
    this.#watch = new HandlerWatch({
      plane,
      routers: () => this.meetings.routersInUse(),
      onDead: (handlerId, error) => this.meetings.handlerDead(handlerId, error),
      log,
      wait,
    });
    this.#join = {
      controllerId,
      times: { heartbeatIntervalMs, heartbeatTimeoutMs },
      clock,
      log,
      keys: () => this.#keys,
      findMeeting: (meetingId) => this.meetings.enter(meetingId),
    };
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Replaces the keys that sign join tokens. @throws ApiError INVALID_REQUEST when it is not a JWK set. */
  setSigningKeys(signingKeysJson: string): void {
    try {
      this.#keys = keySetResolver(JSON.parse(signingKeysJson) as JSONWebKeySet);
    } catch (cause) {
      throw new ApiError('INVALID_REQUEST', 'Signing keys must be a JWK set as JSON', { cause });
    }
  }

  assignMeeting(assignment: AssignMeeting): AssignMeetingAnswer {
    return this.meetings.assign(assignment);
  }

  endMeeting(ending: EndMeeting): EndMeetingAnswer {
    return this.meetings.end(ending);
  }

  routersLost(lost: RoutersLost): RoutersLostAnswer {
    return this.meetings.routersLost(lost);
  }

  /** Takes a session of a client. */
  accept(session: MediaSession): void {
    const { plane, clock, log, joinTimeoutMs, limits = DEFAULT_SIGNALING_LIMITS } = this.#options;
    const signalingSession = new SignalingSession({
      session,
      plane,
      join: this.#join,
      limits,
      refusals: this.refusals,
      joinTimeoutMs,
      clock,
      log,
      onOver: (over) => this.#sessions.delete(over),
    });
    this.#sessions.add(signalingSession);
    signalingSession.start();
  }

  /** Ends sessions that took too long over something, and lets go of empty meetings. To be called about once a second. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const session of this.#sessions) session.tick(nowMs);
    this.meetings.tick(nowMs);
    this.#watch.tick();
  }

  /** Resolves when everything that was left behind is cleaned up at the media handlers. */
  async settled(): Promise<void> {
    await this.#tasks.settled();
  }

  /** Sends everyone away, takes no more meetings, and cleans up at the media handlers. */
  async stop(reason: string): Promise<void> {
    const end: ConnectionEnd = {
      code: CloseCode.goingAway,
      reason,
      leaveReason: signaling.LeaveReason.CONNECTION_LOST,
    };
    this.meetings.drain(end);
    for (const session of this.#sessions) session.end(end);
    await this.settled();
  }
}

function waitWithTimer(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
