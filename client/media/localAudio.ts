// A source of sound on its way into the meeting: the microphone, or what a shared tab plays.
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import {
  AUDIO_CODEC,
  AUDIO_SAMPLE_RATE_HZ,
  AudioEncoderPipeline,
  type AudioProfile,
} from './encode/AudioEncoderPipeline.ts';
import { LocalDevice, type LocalDeviceOptions } from './LocalDevice.ts';
import type { DeviceProblem } from './MeetingClient.ts';
import type { LayerPublisher } from './SimulcastStream.ts';

export type LocalAudio = LocalDevice<AudioEncoderPipeline>;

export interface LocalAudioOptions
  extends Pick<LocalDeviceOptions<AudioEncoderPipeline, never>, 'open' | 'whenOff'> {
  readonly source: 'microphone' | 'screen_audio';
  readonly profile: AudioProfile;
  readonly room: LayerPublisher;
  readonly clock: Clock;
  readonly log: Logger;
  /** Root mean square of each captured buffer, 0 to 1. */
  readonly onLevel: (level: number) => void;
  readonly onProblem: (problem: DeviceProblem) => void;
  /** `isOn` changed. */
  readonly onChanged: () => void;
}

export function createLocalAudio(options: LocalAudioOptions): LocalAudio {
  const { source, profile, room, clock, log, open, whenOff, onLevel, onProblem, onChanged } = options;
  return new LocalDevice({
    device: source,
    log,
    open,
    whenOff,
    startPipeline: (track, onStopped) =>
      new AudioEncoderPipeline({ track, profile, clock, log, onLevel, onStopped }),
    publish: () =>
      room.publish({
        kind: 'audio',
        source,
        codec: AUDIO_CODEC,
        sampleRateHz: AUDIO_SAMPLE_RATE_HZ,
        channels: 1,
        bitrateBps: profile.bitrateBps,
      }),
    unpublish: ({ streamId }) => room.unpublish(streamId),
    setPaused: (pipeline, paused) => {
      pipeline.paused = paused;
    },
    onProblem,
    onChanged,
  });
}
