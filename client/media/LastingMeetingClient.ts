// The SDK's surface over all the rooms that a participant has in its meeting one after the other (ledger GC-17): a client of
// its own for each, with the devices, pictures and sizes of the one before. While there is none, the last one is shown.

import type { Logger } from '../../shared/base/log.ts';
import { Emitter } from '../core/Emitter.ts';
import type { LastingRoom } from '../core/LastingRoom.ts';
import type { Room } from '../core/Room.ts';
import type { RoomEnd } from '../core/RoomEvents.ts';
import type { BrowserMeetingClient } from './BrowserMeetingClient.ts';
import type { BackgroundTimers } from './backgroundTimers.ts';
import { captureScreen, isScreenShareAvailable, type ScreenCapture } from './capture/screen.ts';
import type {
  MeetingClient,
  MeetingEvents,
  MeetingState,
  ParticipantView,
  PictureSource,
  TileStats,
} from './MeetingClient.ts';
import type { AudioReceiverStats } from './playback/AudioReceiver.ts';
import { toMeetingEnd } from './problems.ts';

/** Which devices are wanted. */
export interface Devices {
  readonly microphone: boolean;
  readonly camera: boolean;
}

/** What is asked of the client of one room. */
export type RoomClient = Pick<BrowserMeetingClient, keyof BrowserMeetingClient>;

export interface LastingMeetingClientOptions {
  readonly lasting: LastingRoom;
  readonly devices: Devices;
  /** A client for a room that was just entered, yet to be started. */
  readonly clientOf: (room: Room) => RoomClient;
  /** Closed when all is over. */
  readonly timers: Pick<BackgroundTimers, 'close'>;
  readonly log: Logger;
}

interface Attachment {
  readonly userId: number;
  readonly source: PictureSource;
  readonly canvas: HTMLCanvasElement;
  detach: () => void;
}

export class LastingMeetingClient implements MeetingClient {
  readonly #options: LastingMeetingClientOptions;
  readonly #events: Emitter<MeetingEvents>;
  readonly #attachments = new Set<Attachment>();
  /** By source, then by user id. */
  readonly #shownHeights: Readonly<Record<PictureSource, Map<number, number>>> = {
    camera: new Map(),
    screen: new Map(),
  };
  #client: RoomClient;
  #devices: Devices;
  /** What is shared of the screen, in this room and the next. */
  #screen: ScreenCapture | undefined;
  /** How often sharing was stopped by whoever has this client. */
  #shareStops = 0;
  #over = false;

  /** The devices may ask the person for permission: the meeting is there already. */
  constructor(options: LastingMeetingClientOptions) {
    const { lasting, log } = options;
    this.#options = options;
    this.#devices = options.devices;
    this.#events = new Emitter((error) => log.error('A meeting listener failed', { error }));
    this.#client = this.#start(lasting.room);
    lasting.on('rejoining', () => this.#events.emit('changed', undefined));
    lasting.on('rejoined', (room) => this.#replace(room));
    lasting.on('ended', (end) => this.#end(end));
  }

  get meetingId(): string {
    return this.#client.meetingId;
  }

  get meetingName(): string {
    return this.#client.meetingName;
  }

  get state(): MeetingState {
    if (this.#over) return 'disconnected';
    return this.#isBetween ? 'reconnecting' : this.#client.state;
  }

  get isLimited(): boolean {
    return this.#client.isLimited;
  }

  get participants(): readonly ParticipantView[] {
    return this.#client.participants;
  }

  get microphoneOn(): boolean {
    return this.#isBetween ? this.#devices.microphone : this.#client.microphoneOn;
  }

  get cameraOn(): boolean {
    return this.#isBetween ? this.#devices.camera : this.#client.cameraOn;
  }

  get canShareScreen(): boolean {
    return isScreenShareAvailable();
  }

  get screenShareOn(): boolean {
    return this.#isBetween ? this.#screen !== undefined : this.#client.screenShareOn;
  }

  async setMicrophone(on: boolean): Promise<void> {
    this.#devices = { ...this.#devices, microphone: on };
    if (this.#isBetween) this.#events.emit('changed', undefined);
    else await this.#client.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    this.#devices = { ...this.#devices, camera: on };
    if (this.#isBetween) this.#events.emit('changed', undefined);
    else await this.#client.setCamera(on);
  }

  async startScreenShare(): Promise<void> {
    const stops = this.#shareStops;
    const capture = await captureScreen();
    if (this.#over || stops !== this.#shareStops) {
      capture.stop();
      return;
    }
    this.#screen?.stop();
    this.#screen = capture;
    capture.onEnded(() => {
      if (this.#screen === capture) void this.#endShare();
    });
    if (this.#isBetween) this.#events.emit('changed', undefined);
    else await this.#client.shareScreen(capture);
  }

  async stopScreenShare(): Promise<void> {
    this.#shareStops += 1;
    await this.#endShare();
  }

  attachVideo(userId: number, canvas: HTMLCanvasElement, source: PictureSource = 'camera'): () => void {
    const detach = this.#client.attachVideo(userId, canvas, source);
    const attachment = { userId, source, canvas, detach };
    this.#attachments.add(attachment);
    return () => {
      this.#attachments.delete(attachment);
      attachment.detach();
    };
  }

  setShownHeight(userId: number, heightPx: number, source: PictureSource = 'camera'): void {
    this.#shownHeights[source].set(userId, heightPx);
    this.#client.setShownHeight(userId, heightPx, source);
  }

  audioLevel(userId: number): number {
    return this.#client.audioLevel(userId);
  }

  stats(userId: number, source: PictureSource = 'camera'): TileStats {
    return this.#client.stats(userId, source);
  }

  hostMute(userId: number, kind: 'audio' | 'video', muted: boolean): Promise<void> {
    return this.#client.hostMute(userId, kind, muted);
  }

  removeParticipant(userId: number): Promise<void> {
    return this.#client.removeParticipant(userId);
  }

  /** How a participant's sound is played; undefined when there is none. */
  audioStatsForTesting(userId: number): AudioReceiverStats | undefined {
    return this.#client.audioStatsForTesting(userId);
  }

  /** Pitch of a participant's sound, or of what it shares, as it is played now, Hz; undefined when there is none. */
  dominantFrequencyForTesting(userId: number, source: PictureSource = 'camera'): number | undefined {
    return this.#client.dominantFrequencyForTesting(userId, source);
  }

  async leave(): Promise<void> {
    await this.#options.lasting.leave();
  }

  on<Name extends keyof MeetingEvents>(
    event: Name,
    listener: (value: MeetingEvents[Name]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** The room is over, and there is no other (yet). */
  get #isBetween(): boolean {
    return this.#client.state === 'disconnected';
  }

  async #endShare(): Promise<void> {
    this.#screen?.stop();
    this.#screen = undefined;
    if (this.#isBetween) this.#events.emit('changed', undefined);
    else await this.#client.stopScreenShare();
  }

  #start(room: Room): RoomClient {
    const client = this.#options.clientOf(room);
    client.on('changed', () => this.#events.emit('changed', undefined));
    client.on('deviceProblem', (problem) => {
      // What could not be used is not tried again in the next room.
      if (problem.device === 'camera' || problem.device === 'microphone')
        this.#devices = { ...this.#devices, [problem.device]: false };
      else if (problem.device === 'screen') void this.#endShare();
      this.#events.emit('deviceProblem', problem);
    });
    client.on('notice', (notice) => this.#events.emit('notice', notice));
    client.on('hostMute', (notice) => this.#events.emit('hostMute', notice));
    void client.start({ ...this.#devices, screen: this.#screen });
    return client;
  }

  #replace(room: Room): void {
    const client = this.#start(room);
    this.#client = client;
    // User ids may be the same ones in another order: a page then keeps its tiles and asks for nothing anew.
    for (const attachment of this.#attachments) {
      attachment.detach();
      attachment.detach = client.attachVideo(attachment.userId, attachment.canvas, attachment.source);
    }
    const known = new Set(client.participants.map(({ userId }) => userId));
    for (const source of ['camera', 'screen'] as const) {
      for (const [userId, heightPx] of this.#shownHeights[source]) {
        if (known.has(userId)) client.setShownHeight(userId, heightPx, source);
        else this.#shownHeights[source].delete(userId);
      }
    }
    this.#events.emit('changed', undefined);
  }

  #end(end: RoomEnd): void {
    const { lasting, log, timers } = this.#options;
    this.#over = true;
    this.#screen?.stop();
    if (end.error !== undefined) log.warn('The meeting ended', { error: end.error });
    this.#events.emit('changed', undefined);
    this.#events.emit('ended', toMeetingEnd(end));
    this.#events.clear();
    // A goodbye may still be on its way, and its time-out runs on these timers.
    void lasting.room.left.finally(() => timers.close());
  }
}
