// The SDK's surface over a room, this browser's devices and its screen and loudspeaker.
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { Emitter } from '../core/Emitter.ts';
import type { Room } from '../core/Room.ts';
import type { RoomEnd } from '../core/RoomEvents.ts';
import type { Participant } from '../core/signaling/types.ts';
import type { BackgroundTimers } from './backgroundTimers.ts';
import { openDevice } from './capture/devices.ts';
import type { ScreenCapture } from './capture/screen.ts';
import { VOICE } from './encode/AudioEncoderPipeline.ts';
import { CAMERA_PROFILE } from './encode/VideoProfile.ts';
import { createLocalAudio, type LocalAudio } from './localAudio.ts';
import { createLocalVideo, type LocalVideo } from './localVideo.ts';
import type {
  MeetingClient,
  MeetingEvents,
  MeetingState,
  ParticipantView,
  PictureSource,
  TileStats,
} from './MeetingClient.ts';
import { participantViews } from './participantViews.ts';
import { AudioOutput } from './playback/AudioOutput.ts';
import type { AudioReceiverStats } from './playback/AudioReceiver.ts';
import { FramePainter } from './playback/FramePainter.ts';
import { asHost, toMeetingEnd } from './problems.ts';
import { RemoteMedia } from './RemoteMedia.ts';
import { ScreenShare } from './ScreenShare.ts';
import { OutgoingRates } from './stats/OutgoingRates.ts';
import { ownTileStats, remoteTileStats } from './stats/tileStats.ts';
import { Voices } from './Voices.ts';

/** Levels are looked at this often, ms. */
const VOICE_INTERVAL_MS = 100;
const RATES_INTERVAL_MS = 1_000;

export interface BrowserMeetingClientOptions {
  readonly room: Room;
  readonly clock: Clock;
  readonly timers: BackgroundTimers;
  readonly log: Logger;
}

/** What is shared of a screen is given to it: it may outlive the room. */
export class BrowserMeetingClient implements Omit<MeetingClient, 'startScreenShare' | 'canShareScreen'> {
  readonly #options: BrowserMeetingClientOptions;
  readonly #events: Emitter<MeetingEvents>;
  readonly #audioOutput = new AudioOutput();
  readonly #voices = new Voices();
  readonly #preview = new FramePainter();
  readonly #rates: OutgoingRates;
  readonly #screenRates: OutgoingRates;
  readonly #remote: RemoteMedia;
  readonly #camera: LocalVideo;
  readonly #microphone: LocalAudio;
  readonly #screen: ScreenShare;
  readonly #stop: (() => void)[];
  #state: MeetingState = 'connected';
  #isLimited = false;
  #participants: readonly ParticipantView[] | undefined;
  #hostMutes = { audio: false, video: false };

  constructor(options: BrowserMeetingClientOptions) {
    const { room, clock, log, timers } = options;
    this.#options = options;
    this.#events = new Emitter((error) => log.error('A meeting listener failed', { error }));
    this.#rates = new OutgoingRates(clock);
    this.#screenRates = new OutgoingRates(clock);
    this.#remote = new RemoteMedia({
      room,
      clock,
      timers,
      log,
      random: Math.random,
      audioOutput: this.#audioOutput,
      onLevel: (userId, level) => this.#voices.add(userId, level, clock.monotonicMs()),
      onChanged: () => this.#changed(),
      onNotice: (notice) => this.#events.emit('notice', notice),
    });
    this.#camera = this.#makeCamera();
    this.#microphone = this.#makeMicrophone();
    this.#screen = new ScreenShare({
      ...options,
      onProblem: (problem) => this.#events.emit('deviceProblem', problem),
      onChanged: () => this.#changed(),
    });
    this.#stop = [
      room.on('participantJoined', () => this.#changed()),
      room.on('meetingUpdated', () => this.#changed()),
      room.on('participantUpdated', (participant) => this.#participantUpdated(participant)),
      room.on('participantLeft', ({ participant }) => {
        this.#voices.forget(participant.userId);
        this.#changed();
      }),
      room.on('streamPublished', (stream) => {
        this.#remote.add(stream);
        this.#changed();
      }),
      room.on('streamUnpublished', (stream) => this.#remote.remove(stream)),
      room.on('mediaReconnecting', () => this.#setState('reconnecting')),
      room.on('mediaReconnected', () => {
        this.#remote.wishAgain();
        this.#setState('connected');
      }),
      room.on('ended', (end) => this.#end(end)),
      timers.every(VOICE_INTERVAL_MS, () => {
        if (!this.#voices.update(clock.monotonicMs())) return;
        for (const userId of room.participants.keys())
          this.#remote.setSpeaking(userId, this.#voices.isSpeaking(userId));
        this.#changed();
      }),
      timers.every(RATES_INTERVAL_MS, () => {
        this.#rates.update(this.#camera.stream, this.#microphone.stream);
        this.#screenRates.update(this.#screen.streams.video, this.#screen.streams.audio);
        this.#lookAtPath();
      }),
    ];
    leaveWithPage(room);
    this.#audioOutput.ready.catch((error: unknown) => log.error('Sound cannot be played', { error }));
  }

  get meetingId(): string {
    return this.#options.room.meetingId;
  }

  get meetingName(): string {
    return this.#options.room.meetingName;
  }

  get state(): MeetingState {
    return this.#state;
  }

  get isLimited(): boolean {
    return this.#isLimited;
  }

  get microphoneOn(): boolean {
    return this.#microphone.isOn;
  }

  get cameraOn(): boolean {
    return this.#camera.isOn;
  }

  get screenShareOn(): boolean {
    return this.#screen.isOn;
  }

  get participants(): readonly ParticipantView[] {
    this.#participants ??= this.#makeParticipants();
    return this.#participants;
  }

  /** Subscribes to the others and turns on what was asked for. Call once. */
  async start(wanted: {
    readonly microphone: boolean;
    readonly camera: boolean;
    readonly screen?: ScreenCapture | undefined;
  }): Promise<void> {
    this.#remote.start();
    // Somebody who comes back is muted still.
    this.#tellHostMutes(this.#options.room.self);
    await Promise.all([
      this.#tellMuted(),
      wanted.microphone ? this.#microphone.set(true) : undefined,
      wanted.camera ? this.#camera.set(true) : undefined,
      wanted.screen && this.#screen.start(wanted.screen),
    ]);
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#microphone.set(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#camera.set(on);
  }

  /** Never rejects: what goes wrong is told by `deviceProblem`. What is captured stays its owner's. */
  async shareScreen(capture: ScreenCapture): Promise<void> {
    await this.#screen.start(capture);
  }

  async stopScreenShare(): Promise<void> {
    await this.#screen.stop();
  }

  attachVideo(userId: number, canvas: HTMLCanvasElement, source: PictureSource = 'camera'): () => void {
    if (userId !== this.#options.room.self.userId) return this.#remote.attach(userId, canvas, source);
    return source === 'camera' ? this.#preview.attach(canvas) : () => undefined;
  }

  setShownHeight(userId: number, heightPx: number, source: PictureSource = 'camera'): void {
    if (userId !== this.#options.room.self.userId) this.#remote.setShownHeight(userId, heightPx, source);
  }

  audioLevel(userId: number): number {
    return this.#voices.level(userId, this.#options.clock.monotonicMs());
  }

  stats(userId: number, source: PictureSource = 'camera'): TileStats {
    const { room } = this.#options;
    const remote = this.#remote;
    if (userId !== room.self.userId)
      return remoteTileStats(room.media, remote.video(userId, source), remote.audio(userId, source));
    return source === 'camera'
      ? ownTileStats(room.media, this.#rates.stats, this.#camera.pipeline?.stats)
      : ownTileStats(room.media, this.#screenRates.stats, this.#screen.pipeline?.stats);
  }

  /** How a participant's sound is played; undefined when there is none. */
  audioStatsForTesting(userId: number): AudioReceiverStats | undefined {
    return this.#remote.audio(userId)?.receiver.stats;
  }

  /** Pitch of a participant's sound, or of what it shares, as it is played now, Hz; undefined when there is none. */
  dominantFrequencyForTesting(userId: number, source: PictureSource = 'camera'): number | undefined {
    return this.#remote.audio(userId, source)?.receiver.dominantFrequencyForTesting();
  }

  async hostMute(userId: number, kind: 'audio' | 'video', muted: boolean): Promise<void> {
    await asHost(this.#options.room.hostMute(userId, kind, muted));
  }

  async removeParticipant(userId: number): Promise<void> {
    await asHost(this.#options.room.removeParticipant(userId));
  }

  async leave(): Promise<void> {
    await this.#options.room.leave();
  }

  on<Name extends keyof MeetingEvents>(
    event: Name,
    listener: (value: MeetingEvents[Name]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  #makeCamera(): LocalVideo {
    return createLocalVideo({
      ...this.#options,
      source: 'camera',
      profile: CAMERA_PROFILE,
      open: () => openDevice('camera'),
      onPreview: (frame) => this.#preview.show(frame),
      onProblem: (problem) => this.#events.emit('deviceProblem', problem),
      onChanged: () => this.#deviceSwitched(),
    });
  }

  #makeMicrophone(): LocalAudio {
    const { room, clock } = this.#options;
    return createLocalAudio({
      ...this.#options,
      source: 'microphone',
      profile: VOICE,
      whenOff: 'pause',
      open: () => openDevice('microphone'),
      onLevel: (level) => this.#voices.add(room.self.userId, level, clock.monotonicMs()),
      onProblem: (problem) => this.#events.emit('deviceProblem', problem),
      onChanged: () => this.#deviceSwitched(),
    });
  }

  #deviceSwitched(): void {
    if (!this.#camera.isOn) this.#preview.clear();
    this.#changed();
    void this.#tellMuted();
  }

  /** Never rejects: the others' view of a mute is a courtesy; what counts is that nothing is sent. */
  async #tellMuted(): Promise<void> {
    const { room, log } = this.#options;
    try {
      await room.setMuted({ audio: !this.#microphone.isOn, video: !this.#camera.isOn });
    } catch (error) {
      log.debug('Mute could not be told to the others', { error });
    }
  }

  #participantUpdated(participant: Participant): void {
    const { self } = this.#options.room;
    if (participant.userId === self.userId) this.#tellHostMutes(self);
    this.#changed();
  }

  #tellHostMutes(self: Participant): void {
    const before = this.#hostMutes;
    this.#hostMutes = { audio: self.audioMutedByHost, video: self.videoMutedByHost };
    for (const kind of ['audio', 'video'] as const) {
      const muted = this.#hostMutes[kind];
      if (muted !== before[kind]) this.#events.emit('hostMute', { kind, muted });
    }
  }

  #makeParticipants(): readonly ParticipantView[] {
    return participantViews(this.#options.room, {
      microphoneOn: this.#microphone.isOn,
      cameraOn: this.#camera.isOn,
      screenShareOn: this.#screen.isOn,
      hasPicture: (userId, source) => this.#remote.video(userId, source)?.receiver.hasPicture ?? false,
      isSpeaking: (userId) => this.#voices.isSpeaking(userId),
    });
  }

  #lookAtPath(): void {
    const isLimited = this.#options.room.media.pathLimit !== undefined;
    if (isLimited === this.#isLimited) return;
    this.#isLimited = isLimited;
    this.#changed();
  }

  #setState(state: MeetingState): void {
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    this.#participants = undefined;
    if (this.#state !== 'disconnected') this.#events.emit('changed', undefined);
  }

  #end(end: RoomEnd): void {
    if (this.#state === 'disconnected') return;
    for (const stop of this.#stop) stop();
    this.#camera.close();
    this.#microphone.close();
    this.#screen.close();
    this.#remote.close();
    this.#preview.clear();
    this.#audioOutput.close();
    this.#participants = undefined;
    this.#state = 'disconnected';
    this.#events.emit('changed', undefined);
    this.#events.emit('ended', toMeetingEnd(end));
    this.#events.clear();
  }
}

/**
 * A page that goes away says so: without that word its sessions are often missed only by the servers' idle time-out. Also when
 * a goodbye is under way already, whose answer the page will not see.
 */
function leaveWithPage(room: Room): void {
  const leave = (): void => room.leaveAtOnce();
  globalThis.addEventListener('pagehide', leave);
  void room.left.finally(() => globalThis.removeEventListener('pagehide', leave));
}
