// A participant as the wire sees it, over one end of a paired session or over any other.

import type {
  BidirectionalStream,
  MediaSession,
  SessionClose,
} from '../../../../media-node/transport/MediaSession.ts';
import type { PairedSession } from '../../../../media-node/transport/paired/pairedSessions.ts';
import { FramedReader } from '../../../../shared/signaling/framing.ts';
import {
  type ClientMessageInit,
  decodeServerMessage,
  frameClientMessage,
  type JoinResponse,
  type ParticipantInfo,
  type ServerMessage,
  type StreamInfo,
  signaling,
} from '../../../../shared/signaling/messages.ts';

export class TestClient<Session extends MediaSession = PairedSession> {
  readonly session: Session;
  readonly received: ServerMessage[] = [];
  /** Roster of the others as this participant has been told, by user id: name of each stream by `user/stream`. */
  readonly roster = new Map<number, ParticipantInfo & { streamIds: Set<number> }>();
  closed: SessionClose | undefined;
  welcome: JoinResponse | undefined;
  #stream: BidirectionalStream | undefined;
  #sequence = 0;
  #listeners = new Set<() => void>();

  constructor(session: Session) {
    this.session = session;
    session.setHandlers({
      onDatagram: () => undefined,
      onBidirectionalStream: () => undefined,
      onReceiveStream: () => undefined,
      onClose: (close) => {
        this.closed = close;
        this.#changed();
      },
    });
  }

  async open(): Promise<BidirectionalStream> {
    const stream = await this.session.openBidirectionalStream();
    this.#stream = stream;
    void this.#read(stream);
    return stream;
  }

  /** Sends bytes as they are. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#stream?.send.write(bytes);
  }

  /** Sends a message with the next sequence number, or the one given; answers that number. */
  async send(message: ClientMessageInit): Promise<number> {
    this.#sequence += 1;
    const sequence = message.sequence ?? this.#sequence;
    await this.write(frameClientMessage({ ...message, sequence }));
    return sequence;
  }

  /** Sends a request and waits for its answer. */
  async request(message: ClientMessageInit): Promise<ServerMessage> {
    const from = this.received.length;
    const sequence = await this.send(message);
    return await this.#until(() => this.received.slice(from).find(({ replyTo }) => replyTo === sequence));
  }

  async join(joinToken: string): Promise<ServerMessage> {
    if (this.#stream === undefined) await this.open();
    return await this.request({ join: { joinToken, clientName: 'test' } });
  }

  async publish(info: StreamInfo = { kind: signaling.MediaKind.VIDEO, codec: 'vp8' }): Promise<number> {
    const answer = await this.request({ publishStream: { info } });
    return answer.streamPublished?.info?.streamId ?? 0;
  }

  async subscribe(userId: number, streamId: number): Promise<ServerMessage> {
    return await this.request({ subscribeStream: { userId, streamId } });
  }

  /** Connection token of the media server that this participant was told of last. */
  get mediaToken(): string | undefined {
    const [changed] = this.notices('mediaServerChanged').slice(-1);
    const servers = changed?.mediaServerChanged?.mediaServers ?? this.welcome?.mediaServers;
    return servers?.[0]?.connectionToken ?? undefined;
  }

  get userId(): number {
    return this.welcome?.self?.userId ?? 0;
  }

  /** Notices of one kind, in order. */
  notices<Name extends Exclude<ServerMessage['payload'], undefined>>(name: Name): ServerMessage[] {
    return this.received.filter((message) => message.payload === name && (message.replyTo ?? 0) === 0);
  }

  async untilNotice(name: Exclude<ServerMessage['payload'], undefined>, count = 1): Promise<ServerMessage> {
    return await this.#until(() => this.notices(name)[count - 1]);
  }

  async untilClosed(): Promise<SessionClose> {
    return await this.#until(() => this.closed);
  }

  /** Waits for a condition over what this client was told. */
  async until(condition: () => boolean): Promise<void> {
    await this.#until(() => (condition() ? true : undefined));
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.closed !== undefined)
        throw new Error(`Session closed with ${this.closed.code}: ${this.closed.reason}`);
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  async #read(stream: BidirectionalStream): Promise<void> {
    const reader = new FramedReader();
    try {
      for (let chunk = await stream.receive.read(); chunk !== undefined; chunk = await stream.receive.read())
        reader.push(chunk, (bytes) => this.#take(bytes));
    } catch {
      // The session ended, which onClose tells.
    }
  }

  #take(bytes: Uint8Array): void {
    const decoded = decodeServerMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const message = decoded.value;
    this.received.push(message);
    if (message.joinResponse) {
      this.welcome = message.joinResponse;
      for (const participant of message.joinResponse.participants ?? []) this.#put(participant);
    } else if (message.participantJoined) this.#put(message.participantJoined.participant ?? {});
    else if (message.participantUpdated) this.#put(message.participantUpdated.participant ?? {});
    else if (message.participantLeft) this.roster.delete(message.participantLeft.userId ?? 0);
    else if ((message.replyTo ?? 0) === 0 && message.streamPublished)
      this.roster
        .get(message.streamPublished.info?.userId ?? 0)
        ?.streamIds.add(message.streamPublished.info?.streamId ?? 0);
    else if ((message.replyTo ?? 0) === 0 && message.streamUnpublished)
      this.roster
        .get(message.streamUnpublished.userId ?? 0)
        ?.streamIds.delete(message.streamUnpublished.streamId ?? 0);
    this.#changed();
  }

  #put(info: ParticipantInfo): void {
    const streamIds = new Set((info.streams ?? []).map((stream) => stream.streamId ?? 0));
    this.roster.set(info.userId ?? 0, { ...info, streamIds });
  }

  #changed(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
