// A participant's place in a meeting over the rooms that it has one after the other (ledger GC-17): when the connection to
// the meeting breaks, it comes back by itself, with the same name, to wherever the meeting is served then. A controller that
// it cannot reach it reports: when most participants do, the meeting moves.
// States: joined, rejoining, over.
import { ApiError } from '../../shared/api/error.ts';
import { backoffDelayMs } from '../../shared/base/backoff.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import { Emitter } from './Emitter.ts';
import { ConnectionError } from './errors.ts';
import type { JoinTicket } from './JoinTicket.ts';
import { Room } from './Room.ts';
import { getTicket, type RoomContext, type RoomOptions, roomContext } from './RoomContext.ts';
import type { RoomEnd } from './RoomEvents.ts';

/** Pause after a failed attempt to come back. */
const REJOIN_BACKOFF = { firstMs: 500, maxMs: 5_000 };
/** Without success for so long, ms, it is over: well past the 30 s after which a silent controller is replaced anyway. */
const REJOIN_LIMIT_MS = 90_000;
/** A person who waits to be let in is told sooner what is wrong, ms: still past those 30 s. */
const FIRST_JOIN_LIMIT_MS = 40_000;
/** A room that it came back to and that breaks sooner, ms, counts as one more failed attempt. */
const STABLE_AFTER_MS = 10_000;
const MAX_RETRY_AFTER_MS = 15_000;

export interface LastingRoomEvents {
  /** The connection is gone; `room` is over, and nothing is sent or received until `rejoined`. */
  rejoining: undefined;
  /** The participant is in the meeting again, in another room: what it published and subscribed to is not. */
  rejoined: Room;
  /** Emitted once, after which nothing follows. */
  ended: RoomEnd;
}

export class LastingRoom {
  readonly #context: RoomContext;
  readonly #ticket: JoinTicket;
  readonly #events: Emitter<LastingRoomEvents>;
  /** Set before anybody is given this lasting room. */
  #room!: Room;
  #over = false;
  #cancelWaiting: (() => void) | undefined;
  #attempt = 0;
  /** Since when it is not in the meeting, or not for long enough, monotonic ms; undefined before it is gone. */
  #goneSinceMs: number | undefined;
  #enteredAtMs = 0;

  private constructor(ticket: JoinTicket, context: RoomContext) {
    this.#context = context;
    this.#ticket = ticket;
    this.#events = new Emitter((error) => context.log.error('A lasting room listener failed', { error }));
  }

  /** Rejects as Room.join; what a controller does not say no to itself is tried again for up to 40 s before. */
  static async join(options: RoomOptions): Promise<LastingRoom> {
    const context = roomContext(options);
    const startedAtMs = context.clock.monotonicMs();
    const lasting = new LastingRoom(await getTicket(options, context), context);
    lasting.#take(await lasting.#enterFirst(startedAtMs));
    return lasting;
  }

  /** The latest room; over while rejoining. */
  get room(): Room {
    return this.#room;
  }

  on<Name extends keyof LastingRoomEvents>(
    name: Name,
    listener: (value: LastingRoomEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Idempotent, never rejects. */
  async leave(): Promise<void> {
    this.#end({ source: 'local' });
    await this.#room.leave();
  }

  /** As Room.leaveAtOnce. */
  leaveAtOnce(): void {
    this.#end({ source: 'local' });
    this.#room.leaveAtOnce();
  }

  #take(room: Room): void {
    this.#room = room;
    this.#enteredAtMs = this.#context.clock.monotonicMs();
    this.#watch(room);
  }

  #watch(room: Room): void {
    room.on('ended', (end) => {
      if (this.#over) return;
      if (end.error === undefined || isFinal(end.error)) this.#end(end);
      else void this.#rejoin(end);
    });
  }

  async #rejoin(end: RoomEnd): Promise<void> {
    const { clock, log } = this.#context;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#enteredAtMs >= STABLE_AFTER_MS) {
      this.#attempt = 0;
      this.#goneSinceMs = undefined;
    }
    const isUnstable = this.#goneSinceMs !== undefined;
    this.#goneSinceMs ??= nowMs;
    if (isUnstable && nowMs - this.#goneSinceMs >= REJOIN_LIMIT_MS) return this.#end(end);
    log.warn('The connection to the meeting broke: joining again', { error: end.error });
    let told = isUnstable;
    let last = end;
    if (isUnstable) {
      this.#events.emit('rejoining', undefined);
      await this.#pause(end.error);
    }
    while (!this.#over) {
      try {
        await this.#ticket.refresh();
        // Only now: a meeting that has ended is not worth the word.
        if (!told && !this.#over) this.#events.emit('rejoining', undefined);
        told = true;
        if (this.#over) return;
        const room = await this.#enter(clock.monotonicMs());
        if (this.#over) return void (await room.leave());
        this.#take(room);
        this.#events.emit('rejoined', room);
        return;
      } catch (error) {
        if (this.#over) return;
        log.warn('Joining again failed', { error });
        last = { source: 'signaling', error: toConnectionError(error) };
        const isLate = clock.monotonicMs() - this.#goneSinceMs >= REJOIN_LIMIT_MS;
        if (isFinal(error) || isLate) return this.#end(last);
        if (!told) this.#events.emit('rejoining', undefined);
        told = true;
        await this.#pause(error);
      }
    }
  }

  /**
   * Tries again while the controller cannot be reached. A person who waits for the first picture is told at once what
   * the controller refuses, and that the way to the media server is closed.
   */
  async #enterFirst(startedAtMs: number): Promise<Room> {
    const { clock, log } = this.#context;
    let isLetIn = false;
    for (let isAgain = false; ; isAgain = true) {
      try {
        if (isAgain) await this.#ticket.refresh();
        return await this.#enter(startedAtMs, () => (isLetIn = true));
      } catch (error) {
        const isRefused = error instanceof ConnectionError && error.code === 'refused';
        const isLate = clock.monotonicMs() - startedAtMs >= FIRST_JOIN_LIMIT_MS;
        if (isLetIn || isRefused || isFinal(error) || isLate) throw error;
        log.warn('The meeting could not be entered: trying again', { error });
        await this.#pause(error);
      }
    }
  }

  /** Rejects as Room.enter; a controller that could not be reached has been reported then. */
  async #enter(startedAtMs: number, onLetIn?: () => void): Promise<Room> {
    let isLetIn = false;
    const letIn = (): void => {
      isLetIn = true;
      onLetIn?.();
    };
    try {
      return await Room.enter(this.#ticket, this.#context, { startedAtMs, onLetIn: letIn });
    } catch (error) {
      if (!isLetIn && isUnreachable(error)) await this.#report();
      throw error;
    }
  }

  /** Never rejects: the next attempt tells what became of it. */
  async #report(): Promise<void> {
    const { api, log } = this.#context;
    const { meeting_id: meetingId, join_token: joinToken } = this.#ticket.answer;
    try {
      const answer = await api.reportUnreachable(meetingId, joinToken);
      log.warn('The meeting controller was reported as unreachable', answer);
      // It is somewhere else now: no reason to wait for long.
      if (answer.outcome !== 'counted') this.#attempt = 0;
    } catch (error) {
      log.warn('The meeting controller could not be reported as unreachable', { error });
    }
  }

  #pause(error: unknown): Promise<void> {
    const { timers, random } = this.#context;
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
    const delayMs = Math.max(
      backoffDelayMs(this.#attempt++, REJOIN_BACKOFF, random),
      Math.min(asked, MAX_RETRY_AFTER_MS),
    );
    return new Promise((resolve) => {
      const cancel = timers.after(delayMs, resolve);
      this.#cancelWaiting = () => {
        cancel();
        resolve();
      };
    });
  }

  #end(end: RoomEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#ticket.stop();
    this.#cancelWaiting?.();
    this.#events.emit('ended', end);
    this.#events.clear();
  }
}

/** Whether there is no coming back. Without the controller's word on the matter, there is. */
function isFinal(error: unknown): boolean {
  if (error instanceof ApiError) return error.status < 500 && error.code !== 'RATE_LIMITED';
  if (!(error instanceof ConnectionError)) return true;
  switch (error.code) {
    case 'unreachable':
    case 'timed_out':
    case 'lost':
      return false;
    case 'refused':
      // A meeting that a controller does not have (any more) may be at another one, which the API knows.
      return !['NOT_FOUND', 'INTERNAL_ERROR', 'UNAUTHORIZED', 'CAPACITY_EXCEEDED'].includes(
        error.refusal ?? '',
      );
    case 'closed':
      return !MENDABLE_CLOSES.has(error.closeCode ?? CloseCode.normal);
    case 'protocol':
    case 'unsupported':
      return true;
  }
}

const MENDABLE_CLOSES: ReadonlySet<number> = new Set([
  CloseCode.normal,
  CloseCode.notFound,
  CloseCode.timedOut,
  CloseCode.internalError,
  CloseCode.goingAway,
]);

/** No session could be made, or it broke before the controller had answered. */
function isUnreachable(error: unknown): boolean {
  return (
    error instanceof ConnectionError &&
    (error.code === 'unreachable' || error.code === 'timed_out' || error.code === 'lost')
  );
}

/** What an end says of an attempt that the API refused. */
function toConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error;
  if (error instanceof ApiError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN'))
    return ConnectionError.refused(error.code, error.message);
  return ConnectionError.lost('the meeting', error);
}
