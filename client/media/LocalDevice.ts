// A source of this participant's on its way into the meeting: captured, encoded, published; on and off.
import type { Logger } from '../../shared/base/log.ts';
import type { EncodedFrame } from '../core/media/EncodedFrame.ts';
import type { OutgoingStats } from '../core/media/OutgoingStream.ts';
import type { CaptureEnd } from './capture/CaptureLoop.ts';
import {
  DeviceError,
  notEncodedSentence,
  notPublishedSentence,
  sourceLostSentence,
} from './capture/devices.ts';
import type { DeviceProblem } from './MeetingClient.ts';

/** What captures and encodes: VideoEncoderPipeline, AudioEncoderPipeline. */
export interface Pipeline {
  /** Frames go to `onFrame` from now on. */
  sendTo(onFrame: (frame: EncodedFrame) => void): void;
  stop(): void;
}

/** What is published of a device: OutgoingStream, SimulcastStream. */
export interface SentStream {
  readonly streamId: number;
  readonly stats: Pick<OutgoingStats, 'bytes' | 'framesSent'>;
  send(frame: EncodedFrame): void;
}

export interface LocalDeviceOptions<P extends Pipeline, S extends SentStream> {
  readonly device: DeviceProblem['device'];
  readonly log: Logger;
  /** The track, which is stopped here. Rejects with DeviceError. */
  readonly open: () => Promise<MediaStreamTrack>;
  /** Comes first: what is published may depend on what the device gives. */
  readonly startPipeline: (track: MediaStreamTrack, onStopped: (reason: CaptureEnd) => void) => P;
  readonly publish: (pipeline: P) => Promise<S>;
  unpublish(stream: S): Promise<void>;
  /**
   * What "off" does: `release` lets go of the device (a camera's light goes out), `pause` keeps it open, disabled, so that
   * a microphone is back at once.
   */
  readonly whenOff: 'release' | 'pause';
  readonly setPaused?: (pipeline: P, paused: boolean) => void;
  readonly onProblem: (problem: DeviceProblem) => void;
  /** `isOn` changed. */
  readonly onChanged: () => void;
}

interface Running<P, S extends SentStream> {
  readonly track: MediaStreamTrack;
  readonly pipeline: P;
  /** Undefined until it is published. */
  stream: S | undefined;
}

/** Switches are carried out one after another; only the last one asked for counts. */
export class LocalDevice<P extends Pipeline, S extends SentStream = SentStream> {
  readonly #options: LocalDeviceOptions<P, S>;
  #running: Running<P, S> | undefined;
  #isOn = false;
  #wanted = false;
  #switching: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: LocalDeviceOptions<P, S>) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get pipeline(): P | undefined {
    return this.#running?.pipeline;
  }

  get stream(): S | undefined {
    return this.#running?.stream;
  }

  /** Resolves when the switch is done, also when the device could not be used, which is told through onProblem. */
  set(on: boolean): Promise<void> {
    this.#wanted = on;
    // A device that is not published yet is let go of without waiting for its first picture.
    if (!on && this.#running?.stream === undefined) this.#stopRunning();
    this.#switching = this.#switching.then(() => this.#apply());
    return this.#switching;
  }

  /** Lets go of the device for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#wanted = false;
    this.#isOn = false;
    this.#stopRunning();
  }

  async #apply(): Promise<void> {
    if (this.#closed || this.#wanted === this.#isOn) return;
    try {
      if (this.#wanted) await this.#turnOn();
      else await this.#turnOff();
    } catch (error) {
      if (this.#closed) return;
      const stream = this.#running?.stream;
      this.#stopRunning();
      this.#isOn = false;
      // The next attempt publishes a stream of its own.
      if (stream !== undefined) this.#unpublish(stream);
      this.#report(error);
    }
    this.#options.onChanged();
  }

  async #turnOn(): Promise<void> {
    const running = this.#running;
    if (running !== undefined) {
      running.track.enabled = true;
      this.#options.setPaused?.(running.pipeline, false);
      this.#isOn = true;
      return;
    }
    const track = await this.#options.open();
    if (this.#closed || !this.#wanted) {
      track.stop();
      return;
    }
    try {
      const pipeline = this.#options.startPipeline(track, (reason) => this.#stopped(track, reason));
      await this.#publish({ track, pipeline, stream: undefined });
    } catch (error) {
      track.stop();
      throw error;
    }
  }

  async #publish(starting: Running<P, S>): Promise<void> {
    const { pipeline } = starting;
    this.#running = starting;
    try {
      const stream = await this.#options.publish(pipeline);
      if (this.#running !== starting) {
        this.#unpublish(stream);
        return;
      }
      starting.stream = stream;
      pipeline.sendTo((frame) => stream.send(frame));
      this.#isOn = true;
    } catch (error) {
      // Let go of meanwhile: not wanted any more, or stopped by itself, which has been told.
      if (this.#running === starting) throw error;
    }
  }

  async #turnOff(): Promise<void> {
    this.#isOn = false;
    const running = this.#running;
    if (running === undefined) return;
    if (this.#options.whenOff === 'pause') {
      this.#options.setPaused?.(running.pipeline, true);
      running.track.enabled = false;
      return;
    }
    this.#stopRunning();
    if (running.stream !== undefined) await this.#options.unpublish(running.stream);
  }

  /** The pipeline ended by itself: the device was unplugged, or there is no encoder. */
  #stopped(track: MediaStreamTrack, reason: CaptureEnd): void {
    const running = this.#running;
    if (this.#closed || running === undefined || running.track !== track) return;
    this.#stopRunning();
    this.#isOn = false;
    this.#wanted = false;
    if (running.stream !== undefined) this.#unpublish(running.stream);
    const { device } = this.#options;
    const message = reason === 'track_ended' ? sourceLostSentence(device) : notEncodedSentence(device);
    if (message !== undefined) this.#options.onProblem({ device, message });
    this.#options.onChanged();
  }

  #unpublish(stream: S): void {
    this.#options.unpublish(stream).catch((error: unknown) => {
      this.#options.log.debug('A stopped device could not be unpublished', { error });
    });
  }

  #stopRunning(): void {
    this.#running?.pipeline.stop();
    this.#running?.track.stop();
    this.#running = undefined;
  }

  #report(error: unknown): void {
    const { device, log, onProblem } = this.#options;
    log.warn('A device could not be switched', { device, error });
    this.#wanted = false;
    onProblem({
      device,
      message: error instanceof DeviceError ? error.message : notPublishedSentence(device),
    });
  }
}
