// A meeting controller's protocol in one process and without its engine: for tests of the client alone.

import { FramedReader } from '../../shared/signaling/framing.ts';
import {
  type ClientMessage,
  decodeClientMessage,
  frameServerMessage,
  type ParticipantInfo,
  type ServerMessageInit,
  signaling,
} from '../../shared/signaling/messages.ts';
import type { PairedTransport } from './pairedWebTransport.ts';

const MEETING = {
  meetingId: 'demo',
  meetingName: 'Demo',
  heartbeatIntervalMs: 15_000,
  heartbeatTimeoutMs: 30_000,
};

/** A meeting: joins are let in, what one publishes the others are told. */
export class LoopbackSignaling {
  /** Media servers in the answers to joins, ranked. */
  mediaUrls: readonly string[] = ['https://media.test/media'];
  readonly #sessions: LoopbackSignalingSession[] = [];
  #nextUserId = 1;

  get sessions(): readonly LoopbackSignalingSession[] {
    return this.#sessions;
  }

  /** Participants now. */
  get participants(): ParticipantInfo[] {
    return this.#sessions.flatMap(({ info }) => (info === undefined ? [] : [info]));
  }

  serve(transport: PairedTransport): LoopbackSignalingSession {
    const session = new LoopbackSignalingSession(transport, (message, from) => this.#take(message, from));
    this.#sessions.push(session);
    const gone = (): void => this.#leave(session, signaling.LeaveReason.CONNECTION_LOST);
    transport.closed.then(gone, gone);
    return session;
  }

  #take(message: ClientMessage, from: LoopbackSignalingSession): void {
    const replyTo = message.sequence ?? 0;
    switch (message.payload) {
      case 'join': {
        if (message.join.joinToken === 'wrong') {
          from.refuse(replyTo, signaling.ErrorCode.UNAUTHORIZED, 'Invalid or expired join token');
          // A controller lets its last words out first.
          setTimeout(() => from.close(4401, 'Invalid or expired join token'));
          return;
        }
        const userId = this.#nextUserId++;
        const others = this.participants;
        from.info = {
          participantId: `p${userId}`,
          userId,
          // A refreshed token has a number behind it.
          displayName: message.join.joinToken?.split('#')[0] ?? '',
          isHost: message.join.joinToken?.startsWith('Host') ?? false,
          streams: [],
        };
        from.send({
          replyTo,
          joinResponse: {
            ...MEETING,
            self: from.info,
            participants: others,
            mediaServers: this.mediaUrls.map((url) => ({
              handlerId: new URL(url).hostname,
              url,
              certificateHashes: [new Uint8Array(32)],
              connectionToken: `token-${userId}`,
            })),
          },
        });
        this.#tell(from, { participantJoined: { participant: from.info } });
        return;
      }
      case 'publishStream': {
        const streams = from.info?.streams ?? [];
        const info = {
          ...message.publishStream.info,
          userId: from.info?.userId ?? 0,
          streamId: streams.length + 1,
        };
        from.info = { ...from.info, streams: [...streams, info] };
        from.send({ replyTo, streamPublished: { info } });
        this.#tell(from, { streamPublished: { info } });
        return;
      }
      case 'unpublishStream': {
        const streamUnpublished = {
          userId: from.info?.userId ?? 0,
          streamId: message.unpublishStream.streamId ?? 0,
        };
        from.send({ replyTo, streamUnpublished });
        this.#tell(from, { streamUnpublished });
        return;
      }
      case 'subscribeStream':
        from.send({ replyTo, subscribed: { info: message.subscribeStream } });
        return;
      case 'unsubscribeStream':
        from.send({ replyTo, unsubscribed: message.unsubscribeStream });
        return;
      case 'mute': {
        const { audioMuted, videoMuted } = message.mute;
        from.info = { ...from.info, audioMuted: audioMuted ?? false, videoMuted: videoMuted ?? false };
        from.send({ replyTo, ack: {} });
        this.#tell(from, { participantUpdated: { participant: from.info } });
        return;
      }
      case 'hostMute': {
        const { userId, audioMuted, videoMuted } = message.hostMute;
        const muted = this.#sessions.find(({ info }) => info?.userId === userId);
        if (muted === undefined || from.info?.isHost !== true) {
          from.refuse(replyTo, signaling.ErrorCode.FORBIDDEN, 'Only a host may mute others');
          return;
        }
        muted.info = {
          ...muted.info,
          audioMutedByHost: audioMuted ?? false,
          videoMutedByHost: videoMuted ?? false,
          mutedByUserId: audioMuted || videoMuted ? (from.info.userId ?? 0) : 0,
        };
        from.send({ replyTo, ack: {} });
        muted.send({ participantUpdated: { participant: muted.info } });
        this.#tell(muted, { participantUpdated: { participant: muted.info } });
        return;
      }
      case 'heartbeat':
        from.send({ replyTo, heartbeat: message.heartbeat });
        return;
      case 'leave':
        from.send({ replyTo, ack: {} });
        this.#leave(from, signaling.LeaveReason.LEFT);
        return;
      default:
        return;
    }
  }

  #leave(session: LoopbackSignalingSession, reason: number): void {
    const { info } = session;
    if (info === undefined) return;
    session.info = undefined;
    this.#tell(session, {
      participantLeft: { participantId: info.participantId ?? '', userId: info.userId ?? 0, reason },
    });
  }

  #tell(from: LoopbackSignalingSession, message: ServerMessageInit): void {
    for (const session of this.#sessions)
      if (session !== from && session.info !== undefined) session.send(message);
  }
}

export class LoopbackSignalingSession {
  info: ParticipantInfo | undefined;
  /** Everything the client said, in order. */
  readonly messages: ClientMessage[] = [];
  /** When false, what the client says is recorded and not answered. */
  answering = true;
  readonly #transport: PairedTransport;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  constructor(
    transport: PairedTransport,
    onMessage: (message: ClientMessage, from: LoopbackSignalingSession) => void,
  ) {
    this.#transport = transport;
    void this.#read(onMessage);
  }

  send(message: ServerMessageInit): void {
    this.sendRaw(frameServerMessage(message));
  }

  sendRaw(bytes: Uint8Array): void {
    void this.#writer?.write(bytes).catch(() => undefined);
  }

  refuse(replyTo: number, code: number, message: string): void {
    this.send({ replyTo, error: { code, message } });
  }

  close(closeCode: number, reason: string): void {
    this.#transport.close({ closeCode, reason });
  }

  async #read(onMessage: (message: ClientMessage, from: LoopbackSignalingSession) => void): Promise<void> {
    const { value: stream } = await this.#transport.incomingBidirectionalStreams.getReader().read();
    if (stream === undefined) return;
    this.#writer = stream.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    const framing = new FramedReader();
    const reader = stream.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        framing.push(value, (bytes) => {
          const decoded = decodeClientMessage(bytes);
          if (!decoded.ok) return;
          this.messages.push(decoded.value);
          if (this.answering) onMessage(decoded.value, this);
        });
      }
    } catch {
      // The session is over.
    }
  }
}
