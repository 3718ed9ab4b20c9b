// One participant of a meeting: who, since when, over which connections, with which streams (ledger MC-2, MC-4).

import type { EpochMs } from '../../shared/base/clock.ts';
import type { CloseCode } from '../../shared/base/closeCode.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';
import type { LeaveReason, ParticipantInfo, ServerMessageInit } from '../../shared/signaling/messages.ts';
import type { MediaLink } from './MeetingRouter.ts';
import type { HostMutes } from './MutedKinds.ts';
import type { PublishedStream, StreamPeer } from './PublishedStream.ts';
import type { RefusalReason } from './Refusals.ts';

/** How a connection is ended. */
export interface ConnectionEnd {
  readonly code: CloseCode;
  /** A sentence a person can act on. */
  readonly reason: string;
  /** What the others are told when the participant was in the meeting. */
  readonly leaveReason: LeaveReason;
  /** Said in front of the close. */
  readonly last?: ServerMessageInit;
  /** As what it is counted, when the session is refused. */
  readonly refusal?: RefusalReason;
}

/** The way to a participant: its signaling session. Nothing here waits, nothing throws. */
export interface ParticipantConnection {
  /** Queues a framed message. */
  send(frame: Uint8Array): void;
  /** Says the last words, then closes. Idempotent: the first end counts. */
  end(end: ConnectionEnd): void;
}

export interface ParticipantOptions {
  readonly participantId: string;
  readonly userId: number;
  readonly displayName: string;
  readonly joinedAtMs: EpochMs;
  readonly connection: ParticipantConnection;
  readonly media: MediaLink;
  readonly isHost: boolean;
  readonly hostMutes: HostMutes;
  /** Of its join, for the logs (ledger GC-19). */
  readonly traceId: string;
}

export class Participant implements StreamPeer {
  readonly participantId: string;
  readonly userId: number;
  readonly displayName: string;
  readonly joinedAtMs: EpochMs;
  readonly connection: ParticipantConnection;
  /** Another one after the media server was lost. */
  media: MediaLink;
  /** By stream id. */
  readonly streams = new Map<number, PublishedStream>();
  /** In which delivery it asked for each. */
  readonly subscriptions = new Map<PublishedStream, Delivery>();
  /** When it was last heard. */
  lastSeenAtMs: EpochMs;
  readonly isHost: boolean;
  readonly traceId: string;
  /** What a host has muted; audioMuted and videoMuted are the participant's own word. */
  hostMutes: HostMutes;
  audioMuted = false;
  videoMuted = false;
  #present = true;
  #lastStreamId = 0;

  constructor(options: ParticipantOptions) {
    this.participantId = options.participantId;
    this.userId = options.userId;
    this.displayName = options.displayName;
    this.joinedAtMs = options.joinedAtMs;
    this.lastSeenAtMs = options.joinedAtMs;
    this.connection = options.connection;
    this.media = options.media;
    this.isHost = options.isHost;
    this.traceId = options.traceId;
    this.hostMutes = options.hostMutes;
  }

  /** False once it left: a request that was on its way then changes nothing any more. */
  get present(): boolean {
    return this.#present;
  }

  /** The next stream id; never given out twice. */
  takeStreamId(): number {
    this.#lastStreamId += 1;
    return this.#lastStreamId;
  }

  /** Drops everything it had: its streams, the subscriptions to them, its own subscriptions. */
  depart(): void {
    this.#present = false;
    for (const stream of this.streams.values()) stream.end();
    this.streams.clear();
    for (const stream of this.subscriptions.keys()) stream.subscribers.delete(this);
    this.subscriptions.clear();
  }

  toInfo(): ParticipantInfo {
    return {
      participantId: this.participantId,
      userId: this.userId,
      displayName: this.displayName,
      audioMuted: this.audioMuted || this.hostMutes.audio,
      videoMuted: this.videoMuted || this.hostMutes.video,
      audioMutedByHost: this.hostMutes.audio,
      videoMutedByHost: this.hostMutes.video,
      isHost: this.isHost,
      mutedByUserId: this.hostMutes.byUserId ?? 0,
      joinedAtMs: this.joinedAtMs,
      streams: [...this.streams.values()].map((stream) => stream.info),
    };
  }
}
