// A screen, window or tab that the person chooses to share, and what to tell when there is none.
import { ScreenShareError } from '../MeetingClient.ts';

export const SCREEN_WIDTH = 1_920;
export const SCREEN_HEIGHT = 1_080;
/** Text is sharp rather than smooth: bits go into pictures, not into their number. */
export const SCREEN_FRAMES_PER_SECOND = 15;

/** Options of W3C screen-capture, some of which TypeScript's DOM library does not have; a browser ignores what it does not know. */
interface DisplayMediaOptions extends DisplayMediaStreamOptions {
  readonly selfBrowserSurface: 'exclude';
  readonly surfaceSwitching: 'include';
  readonly systemAudio: 'exclude';
}

const OPTIONS: DisplayMediaOptions = {
  video: {
    width: { max: SCREEN_WIDTH },
    height: { max: SCREEN_HEIGHT },
    frameRate: { max: SCREEN_FRAMES_PER_SECOND },
  },
  // A tab's own sound, as it is: what makes a voice clear spoils music.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  // The meeting in the meeting, without end.
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'include',
  // Everybody would hear themselves.
  systemAudio: 'exclude',
};

/** Phones have no such thing. */
export function isScreenShareAvailable(): boolean {
  return typeof globalThis.navigator?.mediaDevices?.getDisplayMedia === 'function';
}

/** What is shared, until it is stopped here or by the browser's own button. It outlives the rooms that it is sent to. */
export class ScreenCapture {
  readonly #video: MediaStreamTrack;
  readonly #audio: MediaStreamTrack | undefined;

  constructor(video: MediaStreamTrack, audio: MediaStreamTrack | undefined) {
    this.#video = video;
    this.#audio = audio;
    // For whoever encodes the track itself; this product's encoders are told by their profile.
    video.contentHint = 'detail';
  }

  get hasEnded(): boolean {
    return this.#video.readyState === 'ended';
  }

  get hasSound(): boolean {
    return this.#audio?.readyState === 'live';
  }

  /** A track of its own, the caller's to stop. */
  openVideo(): MediaStreamTrack {
    return this.#video.clone();
  }

  /** A track of its own, the caller's to stop; undefined where what is shared has no sound. */
  openAudio(): MediaStreamTrack | undefined {
    return this.#audio?.clone();
  }

  /** The person stopped it, or closed what was shared. Not after stop(). */
  onEnded(listener: () => void): void {
    this.#video.addEventListener('ended', listener, { once: true });
  }

  /** Idempotent. */
  stop(): void {
    this.#video.stop();
    this.#audio?.stop();
  }
}

/** Asks the person what to share, which browsers allow only right after a click or a key. Rejects with ScreenShareError. */
export async function captureScreen(): Promise<ScreenCapture> {
  if (!isScreenShareAvailable()) throw screenShareError('unsupported');
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia(OPTIONS);
  } catch (cause) {
    throw screenShareError(codeOf(cause), cause);
  }
  const [video] = stream.getVideoTracks();
  const [audio] = stream.getAudioTracks();
  if (video === undefined) {
    audio?.stop();
    throw screenShareError('unavailable');
  }
  return new ScreenCapture(video, audio);
}

const SENTENCES: Readonly<Record<ScreenShareError['code'], string>> = {
  unsupported: 'This browser cannot share a screen: phones and tablets mostly cannot. Use a computer.',
  cancelled: 'No screen was chosen.',
  denied:
    'This computer does not let the browser see its screen. Allow it in the system settings, under screen recording.',
  unavailable: 'This screen cannot be captured. Choose another window or tab.',
  failed: 'Your screen could not be shared. Press the button again.',
};

export function screenShareError(code: ScreenShareError['code'], cause?: unknown): ScreenShareError {
  return new ScreenShareError(code, SENTENCES[code], cause === undefined ? undefined : { cause });
}

/** Failures of getDisplayMedia, whose DOMException names are listed in W3C screen-capture. */
function codeOf(error: unknown): ScreenShareError['code'] {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  switch (name) {
    case 'NotAllowedError':
      // One name for a person who changed their mind and for a system that forbids it; Chromium's text tells them apart.
      return /by system/i.test(message) ? 'denied' : 'cancelled';
    case 'NotFoundError':
    case 'NotReadableError':
    case 'OverconstrainedError':
      return 'unavailable';
    default:
      return 'failed';
  }
}
