// A meeting without a server, for the page's own tests: people who move, speak and come and go, drawn on canvases.
// Runs in a browser. Behaves as MeetingClient promises: new arrays on change, `changed` after it, one `ended`.
import type {
  DeviceProblem,
  JoinMeetingOptions,
  MeetingClient,
  MeetingEnd,
  MeetingEvents,
  MeetingNotice,
  MeetingState,
  ParticipantView,
  PictureSource,
  TileStats,
} from '../../client/media/MeetingClient.ts';

const WIDTH = 640;
const HEIGHT = 360;
const SELF = 1;

export interface FakePerson {
  readonly displayName: string;
  readonly video?: boolean;
  readonly muted?: boolean;
  readonly speaking?: boolean;
  readonly host?: boolean;
  readonly screen?: boolean;
}

export class FakeMeetingClient implements MeetingClient {
  readonly meetingId: string;
  readonly meetingName: string;
  state: MeetingState = 'connected';
  isLimited = false;
  participants: readonly ParticipantView[];
  microphoneOn: boolean;
  cameraOn: boolean;
  canShareScreen = true;
  screenShareOn = false;
  /** What `startScreenShare` rejects with. */
  screenError: Error | undefined;
  /** What `setCamera(true)` and `setMicrophone(true)` reject with. */
  deviceError: Error | undefined;
  /** What a host's actions reject with. */
  hostError: Error | undefined;
  readonly attached = new Set<number>();
  /** By user id, device pixels. */
  readonly shownHeights = new Map<number, number>();
  readonly shownScreenHeights = new Map<number, number>();
  leaveCalls = 0;
  readonly #listeners = new Map<keyof MeetingEvents, Set<(value: never) => void>>();
  #nextUserId = SELF + 1;
  #ended = false;

  constructor(options: JoinMeetingOptions, people: readonly FakePerson[], meetingName = options.meetingId) {
    this.meetingId = options.meetingId;
    this.meetingName = meetingName;
    this.microphoneOn = options.microphone;
    this.cameraOn = options.camera;
    const self = this.#view(SELF, {
      displayName: options.displayName,
      video: options.camera,
      muted: !options.microphone,
      host: options.role === 'host',
    });
    this.participants = [self, ...people.map((person) => this.#view(this.#nextUserId++, person))];
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (on && this.deviceError) throw this.deviceError;
    this.microphoneOn = on;
    this.change(SELF, { audioMuted: !on });
  }

  async setCamera(on: boolean): Promise<void> {
    if (on && this.deviceError) throw this.deviceError;
    this.cameraOn = on;
    this.change(SELF, { videoMuted: !on, hasVideo: on });
  }

  async startScreenShare(): Promise<void> {
    if (this.screenError) throw this.screenError;
    this.#shareScreen(true);
  }

  async stopScreenShare(): Promise<void> {
    this.#shareScreen(false);
  }

  attachVideo(userId: number, canvas: HTMLCanvasElement, source: PictureSource = 'camera'): () => void {
    if (source === 'screen') {
      drawSlide(canvas);
      return () => undefined;
    }
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    this.attached.add(userId);
    const timer = setInterval(() => drawPerson(canvas, userId, performance.now()), 50);
    drawPerson(canvas, userId, performance.now());
    return () => {
      clearInterval(timer);
      this.attached.delete(userId);
    };
  }

  setShownHeight(userId: number, heightPx: number, source: PictureSource = 'camera'): void {
    (source === 'screen' ? this.shownScreenHeights : this.shownHeights).set(userId, heightPx);
  }

  audioLevel(userId: number): number {
    return this.participants.find((participant) => participant.userId === userId)?.speaking ? 0.3 : 0;
  }

  /** The second participant's figures are not known yet, as right after a join. */
  stats(userId: number): TileStats {
    if (userId === SELF + 1) return {};
    return {
      videoBitrateBps: 480_000 + userId * 70_000,
      audioBitrateBps: 31_500,
      lossRatio: userId === SELF ? 0 : 0.012,
      roundTripMs: 18,
      framesPerSecond: 24.6,
      width: WIDTH,
      height: HEIGHT,
      jitterBufferMs: 43,
      framesDecoded: 100,
      codec: 'vp8',
    };
  }

  async hostMute(userId: number, kind: 'audio' | 'video', muted: boolean): Promise<void> {
    if (this.hostError) throw this.hostError;
    this.change(userId, kind === 'audio' ? { audioMutedByHost: muted } : { videoMutedByHost: muted });
  }

  async removeParticipant(userId: number): Promise<void> {
    if (this.hostError) throw this.hostError;
    this.remove(userId);
  }

  async leave(): Promise<void> {
    this.leaveCalls++;
    this.end({ code: 'left', message: 'You left the meeting' });
  }

  on<Name extends keyof MeetingEvents>(
    event: Name,
    listener: (value: MeetingEvents[Name]) => void,
  ): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  // What a test lets happen.

  add(person: FakePerson): number {
    const userId = this.#nextUserId++;
    this.participants = [...this.participants, this.#view(userId, person)];
    this.#emit('changed', undefined);
    return userId;
  }

  remove(userId: number): void {
    this.participants = this.participants.filter((participant) => participant.userId !== userId);
    this.#emit('changed', undefined);
  }

  change(userId: number, change: Partial<ParticipantView>): void {
    this.participants = this.participants.map((participant) =>
      participant.userId === userId ? { ...participant, ...change } : participant,
    );
    this.#emit('changed', undefined);
  }

  setLimited(isLimited: boolean): void {
    this.isLimited = isLimited;
    this.#emit('changed', undefined);
  }

  /** Another host mutes this participant, or lifts it. */
  muteSelf(kind: 'audio' | 'video', muted: boolean, mutedByName?: string): void {
    this.change(SELF, {
      mutedByName: muted ? mutedByName : undefined,
      ...(kind === 'audio' ? { audioMutedByHost: muted } : { videoMutedByHost: muted }),
    });
    this.#emit('hostMute', { kind, muted });
  }

  setState(state: MeetingState): void {
    this.state = state;
    this.#emit('changed', undefined);
  }

  reportDevice(problem: DeviceProblem): void {
    this.#emit('deviceProblem', problem);
  }

  notify(notice: MeetingNotice): void {
    this.#emit('notice', notice);
  }

  end(end: MeetingEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.state = 'disconnected';
    this.#emit('ended', end);
  }

  #shareScreen(on: boolean): void {
    this.screenShareOn = on;
    this.change(SELF, { sharesScreen: on });
  }

  #view(userId: number, person: FakePerson): ParticipantView {
    const {
      displayName,
      video = true,
      muted = false,
      speaking = false,
      host = false,
      screen = false,
    } = person;
    return {
      userId,
      participantId: `participant-${userId}`,
      displayName,
      isSelf: userId === SELF,
      audioMuted: muted,
      videoMuted: !video,
      audioMutedByHost: false,
      videoMutedByHost: false,
      mutedByName: undefined,
      isHost: host,
      hasVideo: video,
      sharesScreen: screen,
      hasScreen: screen,
      speaking,
    };
  }

  #emit<Name extends keyof MeetingEvents>(event: Name, value: MeetingEvents[Name]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never);
  }
}

/** A head that sways in front of a wall, so that a picture can be told from a still. */
function drawPerson(canvas: HTMLCanvasElement, userId: number, nowMs: number): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const hue = (userId * 67 + 190) % 360;
  const wall = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  wall.addColorStop(0, `hsl(${hue} 28% 46%)`);
  wall.addColorStop(1, `hsl(${hue} 32% 24%)`);
  context.fillStyle = wall;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const x = WIDTH / 2 + Math.sin(nowMs / 900 + userId) * 22;
  context.fillStyle = `hsl(${(hue + 140) % 360} 34% 38%)`;
  context.beginPath();
  context.ellipse(x, HEIGHT + 20, 150, 150, 0, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = `hsl(${24 + (userId % 4) * 4} 45% ${38 + (userId % 5) * 9}%)`;
  context.beginPath();
  context.ellipse(x, HEIGHT * 0.42, 62, 78, 0, 0, Math.PI * 2);
  context.fill();
}

/** A page of a talk, of a shape of its own: taller than a tile. */
function drawSlide(canvas: HTMLCanvasElement): void {
  canvas.width = 1_280;
  canvas.height = 960;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.fillStyle = '#f7f4ec';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#23304a';
  context.font = '700 84px sans-serif';
  context.fillText('Roadmap', 90, 170);
  context.font = '48px sans-serif';
  for (const [line, text] of ['One meeting, one machine', 'A region of machines', 'The world'].entries())
    context.fillText(`${line + 1}.  ${text}`, 90, 330 + 120 * line);
}
