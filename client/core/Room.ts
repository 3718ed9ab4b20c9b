// A meeting as a participant is in it: API, then signaling, then media. No DOM: runs in browsers, Deno and Node.
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';
import type { ApiClient } from './api/ApiClient.ts';
import { certificateHashBytes } from './api/certificateHash.ts';
import { Emitter } from './Emitter.ts';
import { ConnectionError } from './errors.ts';
import { followSignaling } from './followSignaling.ts';
import type { JoinTicket } from './JoinTicket.ts';
import { connectToLatest } from './media/connectToLatest.ts';
import { fourCcOf } from './media/fourCc.ts';
import type { MediaConnection } from './media/MediaConnection.ts';
import type { OutgoingStream, SendMode } from './media/OutgoingStream.ts';
import { RoomMedia } from './media/RoomMedia.ts';
import type { StreamReceiver } from './media/StreamReceiver.ts';
import { openTransport } from './openTransport.ts';
import { getTicket, type RoomContext, type RoomOptions, roomContext } from './RoomContext.ts';
import type { RoomEnd, RoomEvents } from './RoomEvents.ts';
import { Roster } from './Roster.ts';
import { SignalingClient } from './signaling/SignalingClient.ts';
import type { JoinedMeeting, Participant, StreamKind, StreamSettings } from './signaling/types.ts';

/** How long each step of joining took, ms. */
export interface JoinTimings {
  readonly apiMs: number;
  readonly signalingMs: number;
  readonly mediaMs: number;
  readonly totalMs: number;
}

export interface EnterOptions {
  /** When joining began, monotonic ms. */
  readonly startedAtMs: number;
  /** The controller has let the participant in; media is still to come. */
  readonly onLetIn?: () => void;
}

/** What a session says that has to be left for the meeting's other controller. */
const MOVED = ConnectionError.closed('the meeting controller', {
  closeCode: CloseCode.goingAway,
  reason: 'the meeting is served by another one',
});

interface RoomParts {
  readonly signaling: SignalingClient;
  readonly media: RoomMedia;
  readonly joined: JoinedMeeting;
  readonly roster: Roster;
  readonly timings: JoinTimings;
  readonly events: Emitter<RoomEvents>;
  readonly ticket: JoinTicket;
  readonly context: RoomContext;
}

export class Room {
  readonly meetingId: string;
  readonly timings: JoinTimings;
  readonly #media: RoomMedia;
  readonly #signaling: SignalingClient;
  readonly #roster: Roster;
  readonly #ticket: JoinTicket;
  readonly #api: ApiClient;
  readonly #self: Participant;
  readonly #events: Emitter<RoomEvents>;
  readonly #stopReceiving = new Map<string, () => void>();
  readonly #left = Promise.withResolvers<void>();
  #meetingName: string;
  #ended = false;

  private constructor(parts: RoomParts) {
    this.meetingId = parts.joined.meetingId;
    this.#meetingName = parts.joined.meetingName;
    this.#self = parts.joined.self;
    this.timings = parts.timings;
    this.#media = parts.media;
    this.#signaling = parts.signaling;
    this.#roster = parts.roster;
    this.#events = parts.events;
    this.#ticket = parts.ticket;
    this.#api = parts.context.api;
    parts.signaling.on('ended', (error) => this.#end(toEnd('signaling', error)));
    // Stops what arrives of a stream before anybody else hears that it is gone.
    parts.events.on('streamUnpublished', ({ userId, streamId }) => this.#stopReceiver(userId, streamId));
    parts.signaling.on('meetingUpdated', ({ meetingName }) => {
      this.#meetingName = meetingName || this.meetingId;
      parts.events.emit('meetingUpdated', undefined);
    });
    parts.signaling.on('participantQuality', (quality) => parts.events.emit('participantQuality', quality));
    parts.signaling.on('mediaServerChanged', (servers) => void parts.media.moveTo(servers));
    parts.media.on('ended', (error) => this.#end(toEnd('media', error)));
    parts.media.on('reconnecting', () => parts.events.emit('mediaReconnecting', undefined));
    parts.media.on('reconnected', () => parts.events.emit('mediaReconnected', undefined));
    parts.ticket.onMoved = () => this.#end(toEnd('signaling', MOVED));
    parts.ticket.keep();
  }

  /**
   * Joins a meeting.
   * Rejects with ApiError (the API refused) or ConnectionError (unreachable, timed_out, refused, closed, lost, protocol);
   * nothing is left open then.
   */
  static async join(options: RoomOptions): Promise<Room> {
    const context = roomContext(options);
    const startedAtMs = context.clock.monotonicMs();
    return await Room.enter(await getTicket(options, context), context, { startedAtMs });
  }

  /** As join, with a way in that is known. */
  static async enter(ticket: JoinTicket, context: RoomContext, options: EnterOptions): Promise<Room> {
    const { transport, clock, timers, log, timeoutMs } = context;
    const { answer } = ticket;
    const answeredAtMs = clock.monotonicMs();
    const signaling = new SignalingClient({
      transport: openTransport(
        transport,
        answer.meeting_controller_url,
        answer.certificate_hashes.map(certificateHashBytes),
      ),
      clock,
      timers,
      log,
      requestTimeoutMs: timeoutMs,
    });
    const roster = new Roster();
    const events = new Emitter<RoomEvents>((error) => log.error('A room listener failed', { error }));
    followSignaling(signaling, roster, events);
    const joined = await signaling.join(answer.join_token, context.clientName, context.traceparent);
    const signaledAtMs = clock.monotonicMs();
    options.onLetIn?.();

    let media: MediaConnection;
    try {
      media = await connectToLatest(signaling, joined.mediaServers, context);
    } catch (error) {
      await signaling.leave();
      throw error;
    }
    const readyAtMs = clock.monotonicMs();
    if (signaling.state !== 'connected') {
      media.close();
      throw ConnectionError.lost('the meeting controller', 'signaling ended while joining');
    }
    return new Room({
      signaling,
      media: new RoomMedia(media, context),
      joined,
      roster,
      events,
      ticket,
      context,
      timings: {
        apiMs: answeredAtMs - options.startedAtMs,
        signalingMs: signaledAtMs - answeredAtMs,
        mediaMs: readyAtMs - signaledAtMs,
        totalMs: readyAtMs - options.startedAtMs,
      },
    });
  }

  /** This participant; another value after participantUpdated. */
  get self(): Participant {
    return this.#roster.self ?? this.#self;
  }

  /** May change while the meeting goes on. */
  get meetingName(): string {
    return this.#meetingName;
  }

  /** The session with the media server of the moment; another one after `mediaReconnected`. */
  get media(): MediaConnection {
    return this.#media.connection;
  }

  /** The others, by user id, in order of arrival. */
  get participants(): ReadonlyMap<number, Participant> {
    return this.#roster.participants;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when nothing is open any more: after `ended`, once the goodbye has been said or given up. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  on<Name extends keyof RoomEvents>(name: Name, listener: (value: RoomEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Publishes a stream; frames go out through the answer. Rejects with ConnectionError. */
  async publish(
    settings: StreamSettings,
    options: { readonly mode?: SendMode } = {},
  ): Promise<OutgoingStream> {
    const { streamId } = await this.#signaling.publishStream(settings);
    try {
      return await this.#media.publish({
        streamId,
        spatialLayer: settings.spatialLayer ?? 0,
        fourCc: fourCcOf(settings.codec),
        ...(options.mode && { mode: options.mode }),
      });
    } catch (error) {
      // The others must not wait for a stream that nothing is sent on. Where signaling is over too, it ended with that.
      this.#signaling.unpublishStream(streamId).catch(() => undefined);
      throw error;
    }
  }

  async unpublish(streamId: number): Promise<void> {
    this.#media.unpublish(streamId);
    await this.#signaling.unpublishStream(streamId);
  }

  /**
   * Subscribes; what arrives goes to `receiver`, from before the answer on and until the stream ends: in the form that the
   * publisher chooses for each frame, or all of it on streams (nothing is lost, and a late frame delays those behind it), or all
   * as datagrams. Rejects with ConnectionError: `refused` with CONFLICT for a stream that is subscribed in another delivery.
   */
  async subscribe(
    userId: number,
    streamId: number,
    receiver: StreamReceiver,
    options: { readonly delivery?: Delivery } = {},
  ): Promise<void> {
    this.#stopReceiver(userId, streamId);
    const stop = this.#media.receive(userId, streamId, receiver);
    const key = `${userId}/${streamId}`;
    this.#stopReceiving.set(key, stop);
    try {
      await this.#signaling.subscribeStream(userId, streamId, options.delivery);
    } catch (error) {
      // A later subscription of the same stream has a receiver of its own.
      if (this.#stopReceiving.get(key) === stop) this.#stopReceiver(userId, streamId);
      throw error;
    }
  }

  async unsubscribe(userId: number, streamId: number): Promise<void> {
    this.#stopReceiver(userId, streamId);
    await this.#signaling.unsubscribeStream(userId, streamId);
  }

  /** Tells the others; stops nothing by itself. */
  setMuted(muted: { readonly audio: boolean; readonly video: boolean }): Promise<void> {
    return this.#signaling.setMuted(muted);
  }

  /**
   * By a host: nothing of this kind reaches anybody from this participant, whatever it does, until it is lifted or the
   * participant leaves (ledger MC-10). Resolves once it is enforced. Rejects with ConnectionError: `refused` with FORBIDDEN
   * for who is no host, NOT_FOUND for somebody who has left.
   */
  async hostMute(userId: number, kind: StreamKind, muted: boolean): Promise<void> {
    const participant = userId === this.self.userId ? this.self : this.participants.get(userId);
    if (participant === undefined)
      throw ConnectionError.refused('NOT_FOUND', `No participant with user id ${userId}`);
    const { audioMutedByHost: audio, videoMutedByHost: video } = participant;
    await this.#signaling.hostMute(userId, { audio, video, [kind]: muted });
  }

  /**
   * By a host: takes a participant out, and its token lets it in no more. Rejects with ApiError (FORBIDDEN for who is no
   * host) or ConnectionError.
   */
  async removeParticipant(userId: number): Promise<void> {
    const participant = this.participants.get(userId);
    if (participant === undefined) return;
    await this.#api.removeParticipant(
      this.meetingId,
      participant.participantId,
      this.#ticket.answer.join_token,
    );
  }

  /** Idempotent, never rejects. */
  async leave(): Promise<void> {
    this.#end({ source: 'local' });
    await this.left;
  }

  /** Leaves without waiting for an answer: all that can be sent is sent when it returns. For a page that goes away. */
  leaveAtOnce(): void {
    void this.leave();
    this.#signaling.close();
  }

  #stopReceiver(userId: number, streamId: number): void {
    const key = `${userId}/${streamId}`;
    this.#stopReceiving.get(key)?.();
    this.#stopReceiving.delete(key);
  }

  #end(end: RoomEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stop of this.#stopReceiving.values()) stop();
    this.#stopReceiving.clear();
    this.#ticket.stop();
    this.#media.close();
    void this.#signaling.leave().then(this.#left.resolve);
    this.#events.emit('ended', end);
    this.#events.clear();
  }
}

function toEnd(source: 'signaling' | 'media', error: ConnectionError | undefined): RoomEnd {
  return error === undefined ? { source } : { source, error };
}
