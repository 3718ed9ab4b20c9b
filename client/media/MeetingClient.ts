// What a meeting page needs, and all it knows: the surface of the browser SDK. `joinMeeting` (index.ts) makes one.

/** Life of a meeting as a page shows it. While it is `reconnecting`, pictures and sound stand still. */
export type MeetingState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected';

/** Why a meeting ended for this participant. `message` is a sentence for a person. */
export interface MeetingEnd {
  readonly code: 'left' | 'ended' | 'removed' | 'lost' | 'refused' | 'failed';
  readonly message: string;
}

export interface ParticipantView {
  readonly userId: number;
  readonly participantId: string;
  readonly displayName: string;
  readonly isSelf: boolean;
  readonly audioMuted: boolean;
  readonly videoMuted: boolean;
  /** Has a camera stream that is being shown. */
  readonly hasVideo: boolean;
  /** Loud enough, for long enough, to be the one who speaks. */
  readonly speaking: boolean;
}

/** Figures of one tile, over the last second. Absent fields are not known (not zero). */
export interface TileStats {
  readonly videoBitrateBps?: number;
  readonly audioBitrateBps?: number;
  /** 0 to 1. */
  readonly lossRatio?: number;
  readonly roundTripMs?: number;
  readonly framesPerSecond?: number;
  readonly width?: number;
  readonly height?: number;
  /** Time a frame waits in the jitter buffer. */
  readonly jitterBufferMs?: number;
  readonly framesDecoded?: number;
  readonly codec?: string;
  /** Of this participant's own camera: simulcast layers that are encoded now, and that its picture has room for. */
  readonly layers?: number;
  readonly allLayers?: number;
  /** Of this participant's own camera: the machine is too slow for all layers. */
  readonly isOverloaded?: boolean;
}

/** A device that could not be used; the meeting goes on without it. */
export interface DeviceProblem {
  readonly device: 'camera' | 'microphone';
  readonly message: string;
}

/** Something that a person should know; the meeting goes on. */
export interface MeetingNotice {
  readonly code: 'media_server_full' | 'streams_failing';
  /** A sentence for a person. */
  readonly message: string;
}

export interface MeetingEvents {
  /** Something in state, participants or devices changed: read the getters again. */
  changed: undefined;
  ended: MeetingEnd;
  deviceProblem: DeviceProblem;
  notice: MeetingNotice;
}

export interface MeetingClient {
  readonly meetingId: string;
  readonly meetingName: string;
  readonly state: MeetingState;
  /** Self first, then in order of arrival. A new array whenever it changed. */
  readonly participants: readonly ParticipantView[];
  /** The connection takes less than what is shown would need: pictures are smaller, or have fewer frames, for a while. */
  readonly isLimited: boolean;
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;

  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** Draws this participant's video on the canvas (at its own size, mirrored by the page if wanted) until detached. */
  attachVideo(userId: number, canvas: HTMLCanvasElement): () => void;
  /** How high a participant's picture is shown, in device pixels: no larger one than that needs is received. */
  setShownHeight(userId: number, heightPx: number): void;
  /** Audio level of a participant now, 0 to 1 (RMS). */
  audioLevel(userId: number): number;
  stats(userId: number): TileStats;
  leave(): Promise<void>;
  on<Name extends keyof MeetingEvents>(
    event: Name,
    listener: (value: MeetingEvents[Name]) => void,
  ): () => void;
}

export interface JoinMeetingOptions {
  /** Base address of the REST API, such as location.origin. */
  readonly apiUrl: string;
  readonly meetingId: string;
  readonly displayName: string;
  readonly microphone: boolean;
  readonly camera: boolean;
}

/** Thrown by joinMeeting. `message` is a sentence a person can act on. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
  readonly code:
    | 'not_found'
    | 'ended'
    | 'full'
    | 'unauthorized'
    | 'no_capacity'
    | 'unreachable'
    | 'unsupported'
    | 'failed';

  constructor(code: JoinError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
