// What a meeting page needs, and all it knows: the surface of the browser SDK. `joinMeeting` (index.ts) makes one.
import type { UserToken } from '../core/api/ApiClient.ts';

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
  /** Muted by a host: what is sent reaches nobody until a host lifts it. */
  readonly audioMutedByHost: boolean;
  readonly videoMutedByHost: boolean;
  /** Name of the host who muted last; undefined where none does, or where it is not known (any more). */
  readonly mutedByName: string | undefined;
  /** May mute and remove others. */
  readonly isHost: boolean;
  /** Has a camera stream that is being shown. */
  readonly hasVideo: boolean;
  /** Shares a screen, a window or a tab. */
  readonly sharesScreen: boolean;
  /** Of what another participant shares there is a picture. */
  readonly hasScreen: boolean;
  /** Loud enough, for long enough, to be the one who speaks. */
  readonly speaking: boolean;
}

/** What a participant shows: itself, and what it shares. Each has a picture of its own, and may have sound. */
export type PictureSource = 'camera' | 'screen';

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
  /** Of this participant's own picture: simulcast layers that are encoded now, and that its picture has room for. */
  readonly layers?: number;
  readonly allLayers?: number;
  /** Of this participant's own camera: the machine is too slow for all layers. */
  readonly isOverloaded?: boolean;
}

/** A device or a screen that could not be used; the meeting goes on without it. */
export interface DeviceProblem {
  readonly device: 'camera' | 'microphone' | 'screen' | 'screen_audio';
  readonly message: string;
}

/** Something that a person should know; the meeting goes on. */
export interface MeetingNotice {
  readonly code: 'media_server_full' | 'streams_failing';
  /** A sentence for a person. */
  readonly message: string;
}

/** A host has muted this participant, or has lifted that. */
export interface HostMuteNotice {
  readonly kind: 'audio' | 'video';
  readonly muted: boolean;
}

export interface MeetingEvents {
  /** Something in state, participants or devices changed: read the getters again. */
  changed: undefined;
  ended: MeetingEnd;
  deviceProblem: DeviceProblem;
  notice: MeetingNotice;
  /**
   * What is sent meanwhile is thrown away at the server, whatever this client does: an application turns the device off, so
   * that nobody believes to be heard.
   */
  hostMute: HostMuteNotice;
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
  /** This browser can share a screen; phones cannot. */
  readonly canShareScreen: boolean;
  /** This participant shares a screen, also while the meeting reconnects. */
  readonly screenShareOn: boolean;

  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /**
   * Asks the person what to share (a screen, a window, a tab and its sound), and shares it in place of what was shared before,
   * until it is stopped: by stopScreenShare, or by the person with the browser's own button, which is told by `changed`. Call
   * it right after a click or a key. Rejects with ScreenShareError; what goes wrong later is told by `deviceProblem`.
   */
  startScreenShare(): Promise<void>;
  /** Also while the person still chooses: what is chosen is not shared then. */
  stopScreenShare(): Promise<void>;
  /**
   * Draws this participant's video on the canvas (at its own size, mirrored by the page if wanted) until detached. One's own
   * screen is not drawn.
   */
  attachVideo(userId: number, canvas: HTMLCanvasElement, source?: PictureSource): () => void;
  /** How high a participant's picture is shown, in device pixels: no larger one than that needs is received. */
  setShownHeight(userId: number, heightPx: number, source?: PictureSource): void;
  /** Audio level of a participant now, 0 to 1 (RMS). */
  audioLevel(userId: number): number;
  stats(userId: number, source?: PictureSource): TileStats;
  /**
   * By a host: nothing of this kind reaches anybody from this participant until it is lifted. Resolves once that is
   * enforced. Rejects with HostActionError.
   */
  hostMute(userId: number, kind: 'audio' | 'video', muted: boolean): Promise<void>;
  /** By a host: takes a participant out, who does not come back with the same link. Rejects with HostActionError. */
  removeParticipant(userId: number): Promise<void>;
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
  /** `host` for whoever made the meeting, or may by the scope of its token. */
  readonly role?: 'participant' | 'host';
  /**
   * Token of the user, where the server asks for one: a text, or a function that is asked for the one of the moment, and once
   * more, with `refused`, when the server has refused it.
   */
  readonly userToken?: UserToken;
}

/** Thrown by joinMeeting. `message` is a sentence a person can act on. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
  readonly code:
    | 'not_found'
    | 'ended'
    | 'full'
    /** A token is missing, or no longer good. */
    | 'sign_in'
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

/** Nothing is shared. `message` is a sentence a person can act on. */
export class ScreenShareError extends Error {
  override readonly name = 'ScreenShareError';
  readonly code:
    | 'unsupported'
    /** The person chose nothing, as they may: no problem. */
    | 'cancelled'
    /** The operating system forbids it. */
    | 'denied'
    | 'unavailable'
    | 'failed';

  constructor(code: ScreenShareError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a host wanted to do was not done. `message` is a sentence a person can act on. */
export class HostActionError extends Error {
  override readonly name = 'HostActionError';
}
