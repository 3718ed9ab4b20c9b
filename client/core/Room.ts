// A meeting as a participant is in it: API, then signaling, then media. No DOM: runs in browsers, Deno and Node.
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { type Logger, silentLogger } from '../../shared/base/log.ts';
import { ApiClient, type Fetch } from './api/ApiClient.ts';
import { certificateHashBytes } from './api/certificateHash.ts';
import { Emitter } from './Emitter.ts';
import { ConnectionError } from './errors.ts';
import { type ConnectMediaOptions, connectMedia } from './media/connectMedia.ts';
import { fourCcOf } from './media/fourCc.ts';
import type { MediaConnection } from './media/MediaConnection.ts';
import type { OutgoingStream, SendMode } from './media/OutgoingStream.ts';
import { RoomMedia } from './media/RoomMedia.ts';
import type { StreamReceiver } from './media/StreamReceiver.ts';
import { openTransport } from './openTransport.ts';
import { Roster } from './Roster.ts';
import { SignalingClient } from './signaling/SignalingClient.ts';
import type {
  JoinedMeeting,
  LeaveReason,
  MediaServerAddress,
  Participant,
  PublishedStream,
  StreamSettings,
} from './signaling/types.ts';
import { systemTimers, type Timers } from './timers.ts';
import { type TransportFactory, webTransport } from './transport.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface RoomOptions {
  /** Base address of the REST API, such as `https://meet.example.org`. */
  readonly apiUrl: string;
  readonly meetingId: string;
  readonly displayName: string;
  /** What joins, for the servers' logs. */
  readonly clientName?: string;
  readonly fetch?: Fetch;
  readonly transport?: TransportFactory;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly log?: Logger;
  /** Time for each step of joining and for each request, ms. */
  readonly timeoutMs?: number;
}

/** How long each step of joining took, ms. */
export interface JoinTimings {
  readonly apiMs: number;
  readonly signalingMs: number;
  readonly mediaMs: number;
  readonly totalMs: number;
}

/** How the meeting ended here: without an error after leave(). */
export interface RoomEnd {
  readonly source: 'local' | 'signaling' | 'media';
  readonly error?: ConnectionError;
}

export interface RoomEvents {
  participantJoined: Participant;
  participantLeft: { readonly participant: Participant; readonly reason: LeaveReason };
  participantUpdated: Participant;
  streamPublished: PublishedStream;
  /** Also for each stream of a participant who left, before participantLeft. */
  streamUnpublished: PublishedStream;
  /** The media server was lost: nothing is sent or received until mediaReconnected. */
  mediaReconnecting: undefined;
  /** Streams and subscriptions go on at another media server. */
  mediaReconnected: undefined;
  /** Emitted once, after which nothing follows. */
  ended: RoomEnd;
}

interface RoomParts {
  readonly signaling: SignalingClient;
  readonly media: RoomMedia;
  readonly joined: JoinedMeeting;
  readonly roster: Roster;
  readonly timings: JoinTimings;
  readonly events: Emitter<RoomEvents>;
}

export class Room {
  readonly meetingId: string;
  readonly meetingName: string;
  readonly self: Participant;
  readonly timings: JoinTimings;
  readonly #media: RoomMedia;
  readonly #signaling: SignalingClient;
  readonly #roster: Roster;
  readonly #events: Emitter<RoomEvents>;
  readonly #stopReceiving = new Map<string, () => void>();
  readonly #left = Promise.withResolvers<void>();
  #ended = false;

  private constructor(parts: RoomParts) {
    this.meetingId = parts.joined.meetingId;
    this.meetingName = parts.joined.meetingName;
    this.self = parts.joined.self;
    this.timings = parts.timings;
    this.#media = parts.media;
    this.#signaling = parts.signaling;
    this.#roster = parts.roster;
    this.#events = parts.events;
    parts.signaling.on('ended', (error) => this.#end(toEnd('signaling', error)));
    // Stops what arrives of a stream before anybody else hears that it is gone.
    parts.events.on('streamUnpublished', ({ userId, streamId }) => this.#stopReceiver(userId, streamId));
    parts.signaling.on('mediaServerChanged', (servers) => void parts.media.moveTo(servers));
    parts.media.on('ended', (error) => this.#end(toEnd('media', error)));
    parts.media.on('reconnecting', () => parts.events.emit('mediaReconnecting', undefined));
    parts.media.on('reconnected', () => parts.events.emit('mediaReconnected', undefined));
  }

  /**
   * Joins a meeting.
   * Rejects with ApiError (the API refused) or ConnectionError (unreachable, timed_out, refused, closed, lost, protocol);
   * nothing is left open then.
   */
  static async join(options: RoomOptions): Promise<Room> {
    const clock = options.clock ?? systemClock;
    const timers = options.timers ?? systemTimers;
    const log = options.log ?? silentLogger;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const transport = options.transport ?? webTransport;
    const startedAtMs = clock.monotonicMs();

    const api = new ApiClient({
      apiUrl: options.apiUrl,
      timeoutMs,
      ...(options.fetch && { fetch: options.fetch }),
    });
    const answer = await api.joinMeeting(options.meetingId, options.displayName);
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
    follow(signaling, roster, events);
    const joined = await signaling.join(answer.join_token, options.clientName ?? 'dark-tower');
    const signaledAtMs = clock.monotonicMs();

    const mediaOptions = { transport, clock, timers, log, timeoutMs };
    let media: MediaConnection;
    try {
      media = await connectToLatest(signaling, joined.mediaServers, mediaOptions);
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
      media: new RoomMedia(media, mediaOptions),
      joined,
      roster,
      events,
      timings: {
        apiMs: answeredAtMs - startedAtMs,
        signalingMs: signaledAtMs - answeredAtMs,
        mediaMs: readyAtMs - signaledAtMs,
        totalMs: readyAtMs - startedAtMs,
      },
    });
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
   * Subscribes; what arrives goes to `receiver`, from before the answer on and until the stream ends. Rejects with
   * ConnectionError.
   */
  async subscribe(userId: number, streamId: number, receiver: StreamReceiver): Promise<void> {
    this.#stopReceiver(userId, streamId);
    const stop = this.#media.receive(userId, streamId, receiver);
    const key = `${userId}/${streamId}`;
    this.#stopReceiving.set(key, stop);
    try {
      await this.#signaling.subscribeStream(userId, streamId);
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

  /** Idempotent, never rejects. */
  async leave(): Promise<void> {
    this.#end({ source: 'local' });
    await this.left;
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
    this.#media.close();
    void this.#signaling.leave().then(this.#left.resolve);
    this.#events.emit('ended', end);
    this.#events.clear();
  }
}

function toEnd(source: 'signaling' | 'media', error: ConnectionError | undefined): RoomEnd {
  return error === undefined ? { source } : { source, error };
}

/** Keeps the roster in step with signaling's notices, and tells of them. */
function follow(signaling: SignalingClient, roster: Roster, events: Emitter<RoomEvents>): void {
  signaling.on('joined', (joined) => roster.seed(joined.participants));
  signaling.on('participantJoined', (participant) => {
    roster.add(participant);
    events.emit('participantJoined', participant);
  });
  signaling.on('participantLeft', ({ userId, reason }) => {
    for (const stream of roster.participants.get(userId)?.streams ?? [])
      events.emit('streamUnpublished', stream);
    const participant = roster.remove(userId);
    if (participant !== undefined) events.emit('participantLeft', { participant, reason });
  });
  signaling.on('participantUpdated', (changed) => {
    const participant = roster.update(changed);
    if (participant !== undefined) events.emit('participantUpdated', participant);
  });
  signaling.on('streamPublished', (stream) => {
    if (roster.addStream(stream) !== undefined) events.emit('streamPublished', stream);
  });
  signaling.on('streamUnpublished', ({ userId, streamId }) => {
    const stream = roster.removeStream(userId, streamId);
    if (stream !== undefined) events.emit('streamUnpublished', stream);
  });
}

/** Connects to the media servers that the controller named last: they may be replaced while the session is being made. */
async function connectToLatest(
  signaling: SignalingClient,
  named: readonly MediaServerAddress[],
  options: ConnectMediaOptions,
): Promise<MediaConnection> {
  for (let servers = named; ; ) {
    const tried = servers;
    const { promise: changed, resolve } = Promise.withResolvers<undefined>();
    const stop = signaling.on('mediaServerChanged', (latest) => {
      servers = latest;
      resolve(undefined);
    });
    const connecting = connectMedia(tried, options);
    try {
      const connection = await Promise.race([connecting, changed]);
      if (connection !== undefined && servers === tried) return connection;
    } catch (error) {
      if (servers === tried) throw error;
    } finally {
      stop();
    }
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }
}
