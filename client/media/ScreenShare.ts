// What a participant shares of its screen in one room: pictures, and sound where the browser gives it (a tab's), each a stream
// of its own. What is captured belongs to whoever gives it here, and may be shared again in another room.

import { DeviceError, notPublishedSentence } from './capture/devices.ts';
import type { ScreenCapture } from './capture/screen.ts';
import { SCREEN_SOUND } from './encode/AudioEncoderPipeline.ts';
import type { VideoEncoderPipeline } from './encode/VideoEncoderPipeline.ts';
import { SCREEN_PROFILE } from './encode/VideoProfile.ts';
import type { SentStream } from './LocalDevice.ts';
import { createLocalAudio, type LocalAudio } from './localAudio.ts';
import { createLocalVideo, type LocalVideo, type LocalVideoOptions } from './localVideo.ts';

export type ScreenShareOptions = Pick<
  LocalVideoOptions,
  'room' | 'clock' | 'timers' | 'log' | 'onProblem' | 'onChanged'
>;

export class ScreenShare {
  readonly #video: LocalVideo;
  readonly #audio: LocalAudio;
  readonly #onChanged: () => void;
  #capture: ScreenCapture | undefined;

  constructor(options: ScreenShareOptions) {
    this.#onChanged = options.onChanged;
    this.#video = createLocalVideo({
      ...options,
      source: 'screen',
      profile: SCREEN_PROFILE,
      open: async () => this.#track('screen', this.#capture?.openVideo()),
      onChanged: () => this.#switched(),
    });
    this.#audio = createLocalAudio({
      ...options,
      source: 'screen_audio',
      profile: SCREEN_SOUND,
      whenOff: 'release',
      open: async () => this.#track('screen_audio', this.#capture?.openAudio()),
      onLevel: () => undefined,
    });
  }

  get isOn(): boolean {
    return this.#video.isOn;
  }

  get pipeline(): VideoEncoderPipeline | undefined {
    return this.#video.pipeline;
  }

  /** What is sent, for its figures. */
  get streams(): { readonly video: SentStream | undefined; readonly audio: SentStream | undefined } {
    return { video: this.#video.stream, audio: this.#audio.stream };
  }

  /** Shares this in place of what was shared before. Never rejects: what goes wrong is told through onProblem. */
  async start(capture: ScreenCapture): Promise<void> {
    const stopped = this.stop();
    this.#capture = capture;
    await stopped;
    // Stopped meanwhile, or replaced: the one before takes as long as the meeting does to answer.
    if (this.#capture !== capture) return;
    await this.#video.set(true);
    if (this.#capture === capture && this.#video.isOn && capture.hasSound) await this.#audio.set(true);
  }

  /** Resolves when nothing is shared any more. Never rejects. */
  async stop(): Promise<void> {
    this.#capture = undefined;
    await Promise.all([this.#video.set(false), this.#audio.set(false)]);
  }

  /** Lets go of everything for good. Idempotent. */
  close(): void {
    this.#video.close();
    this.#audio.close();
  }

  /** Sound without the pictures that it belongs to is not shared. */
  #switched(): void {
    if (!this.#video.isOn) void this.#audio.set(false);
    this.#onChanged();
  }

  #track(source: 'screen' | 'screen_audio', track: MediaStreamTrack | undefined): MediaStreamTrack {
    if (track === undefined) throw new DeviceError(source, notPublishedSentence(source));
    return track;
  }
}
