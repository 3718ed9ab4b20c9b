// Camera and microphone, and what to tell a person when one cannot be used.
import type { DeviceProblem } from '../MeetingClient.ts';

type Source = DeviceProblem['device'];
type Device = 'camera' | 'microphone';

export const CAMERA_WIDTH = 640;
export const CAMERA_HEIGHT = 360;
export const CAMERA_FRAMES_PER_SECOND = 30;

const CONSTRAINTS: Readonly<Record<Device, MediaStreamConstraints>> = {
  camera: {
    video: {
      width: { ideal: CAMERA_WIDTH },
      height: { ideal: CAMERA_HEIGHT },
      frameRate: { ideal: CAMERA_FRAMES_PER_SECOND, max: CAMERA_FRAMES_PER_SECOND },
    },
  },
  microphone: {
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  },
};

/** A device that cannot be used; `message` is a sentence that a person can act on. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly device: Source;

  constructor(device: Source, message: string, options?: ErrorOptions) {
    super(message, options);
    this.device = device;
  }
}

/** The device's track, the caller's to stop. Rejects with DeviceError. */
export async function openDevice(device: Device): Promise<MediaStreamTrack> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS[device]);
    const track = stream.getTracks()[0];
    if (track === undefined) throw new DOMException('No track in the stream', 'NotFoundError');
    return track;
  } catch (error) {
    throw new DeviceError(device, deviceSentence(device, error), { cause: error });
  }
}

/** What a person can do about a failure of getUserMedia, whose DOMException names are listed in W3C mediacapture-main. */
export function deviceSentence(device: Device, error: unknown): string {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `The browser may not use your ${device}. Allow it in the address bar, then turn it on again.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${device} was found. Connect one, then turn it on again.`;
    case 'NotReadableError':
    case 'AbortError':
      return `Your ${device} is in use by another program. Close that program, then turn the ${device} on again.`;
    default:
      return `Your ${device} could not be started. Check that it is connected, then turn it on again.`;
  }
}

/** What to tell when a source of pictures is open and shows nothing. */
export const NO_PICTURE_SENTENCES: Readonly<Record<'camera' | 'screen', string>> = {
  camera:
    'Your camera gives no picture. Close other programs that may use it, or connect it again, then turn it on again.',
  screen: 'What you share gives no picture. Choose another window or tab.',
};

/** What to tell when a source stops by itself; nothing of a screen, which its person has stopped with the browser's own button. */
export function sourceLostSentence(source: Source): string | undefined {
  return source === 'screen' || source === 'screen_audio'
    ? undefined
    : `Your ${source} stopped. Check that it is still connected, then turn it on again.`;
}

const NOUNS: Readonly<Record<Source, string>> = {
  camera: 'camera',
  microphone: 'microphone',
  screen: 'screen',
  screen_audio: "screen's sound",
};
const AGAIN: Readonly<Record<Source, string>> = {
  camera: 'Turn it on again',
  microphone: 'Turn it on again',
  screen: 'Share it again',
  screen_audio: 'Share the screen again',
};

/** What to tell when the encoder of a source does not work. */
export function notEncodedSentence(source: Source): string {
  return `This browser could not encode your ${NOUNS[source]}. ${AGAIN[source]}, or use another browser.`;
}

/** What to tell when a source could not be published. */
export function notPublishedSentence(source: Source): string {
  return `Your ${NOUNS[source]} could not be shared with the meeting. ${AGAIN[source]}.`;
}
