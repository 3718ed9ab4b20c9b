// A meeting as a participant is in it: API, then signaling, then media. No DOM: runs in browsers, Deno and Node.
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { type Logger, silentLogger } from '../../shared/base/log.ts';
import { ApiClient, type Fetch } from './api/ApiClient.ts';
import { certificateHashBytes } from './api/certificateHash.ts';
import { Emitter } from './Emitter.ts';
import { ConnectionError } from './errors.ts';
import { fourCcOf } from './media/fourCc.ts';
import { MediaConnection } from './media/MediaConnection.ts';
import type { OutgoingStream, SendMode } from './media/OutgoingStream.ts';
import type { StreamReceiver } from './media/StreamReceiver.ts';
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
  /** Emitted once, after which nothing follows. */
  ended: RoomEnd;
}

interface RoomParts {
  readonly signaling: SignalingClient;
  readonly media: MediaConnection;
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
  readonly media: MediaConnection;
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
    this.media = parts.media;
    this.#signaling = parts.signaling;
    this.#roster = parts.roster;
    this.#events = parts.events;
    parts.signaling.on('ended', (error) => this.#end(toEnd('signaling', error)));
    parts.media.on('ended', (error) => this.#end(toEnd('media', error)));
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
      transport: open(
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

    let media: MediaConnection;
    try {
      media = await connectMedia(joined.mediaServers, transport, { clock, timers, log, timeoutMs });
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
      media,
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
    const published = await this.#signaling.publishStream(settings);
    return this.media.publish({
      streamId: published.streamId,
      spatialLayer: settings.spatialLayer ?? 0,
      fourCc: fourCcOf(settings.codec),
      ...(options.mode && { mode: options.mode }),
    });
  }

  async unpublish(streamId: number): Promise<void> {
    this.media.unpublish(streamId);
    await this.#signaling.unpublishStream(streamId);
  }

  /** Subscribes; what arrives goes to `receiver`, from before the answer on. Rejects with ConnectionError. */
  async subscribe(userId: number, streamId: number, receiver: StreamReceiver): Promise<void> {
    const key = `${userId}/${streamId}`;
    this.#stopReceiving.get(key)?.();
    this.#stopReceiving.set(key, this.media.receive(userId, streamId, receiver));
    try {
      await this.#signaling.subscribeStream(userId, streamId);
    } catch (error) {
      this.#stopReceiver(userId, streamId);
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
    this.media.close();
    void this.#signaling.leave().then(this.#left.resolve);
    this.#events.emit('ended', end);
    this.#events.clear();
  }
}

function toEnd(source: 'signaling' | 'media', error: ConnectionError | undefined): RoomEnd {
  return error === undefined ? { source } : { source, error };
}

/** A malformed URL or a runtime without WebTransport throws at once. */
function open(transport: TransportFactory, url: string, certificateHashes: readonly Uint8Array[]) {
  try {
    return transport(url, certificateHashes);
  } catch (error) {
    throw ConnectionError.unreachable(url, error);
  }
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

/** The first media server in rank order that lets us in (ledger MC-11). */
async function connectMedia(
  servers: readonly MediaServerAddress[],
  transport: TransportFactory,
  options: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly log: Logger;
    readonly timeoutMs: number;
  },
): Promise<MediaConnection> {
  let failure = ConnectionError.protocol('the meeting controller', 'no media server in its answer');
  for (const server of servers) {
    try {
      const media = new MediaConnection({
        ...options,
        transport: open(transport, server.url, server.certificateHashes),
      });
      await media.connect(server.connectionToken);
      return media;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      options.log.warn('A media server did not let us in', { handler_id: server.handlerId, error });
      failure = error;
    }
  }
  throw failure;
}
