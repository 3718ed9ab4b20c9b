// A source of pictures on its way into the meeting, in layers: the camera, or a shared screen.
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { type Timers, withTimeout } from '../core/timers.ts';
import { DeviceError, NO_PICTURE_SENTENCES } from './capture/devices.ts';
import { VideoEncoderPipeline } from './encode/VideoEncoderPipeline.ts';
import { VIDEO_CODEC } from './encode/VideoLayerEncoder.ts';
import type { VideoProfile } from './encode/VideoProfile.ts';
import { LocalDevice } from './LocalDevice.ts';
import type { DeviceProblem, PictureSource } from './MeetingClient.ts';
import { type LayerPublisher, SimulcastStream } from './SimulcastStream.ts';

/** Cameras need up to a few seconds for their first picture. */
const FIRST_PICTURE_TIMEOUT_MS = 10_000;

export type LocalVideo = LocalDevice<VideoEncoderPipeline, SimulcastStream>;

export interface LocalVideoOptions {
  readonly source: PictureSource;
  readonly profile: VideoProfile;
  readonly room: LayerPublisher;
  readonly clock: Clock;
  /** Of a kind that goes on in a hidden tab. */
  readonly timers: Timers;
  readonly log: Logger;
  /** As LocalDeviceOptions.open. */
  readonly open: () => Promise<MediaStreamTrack>;
  /** Each captured frame, the callee's to close. */
  readonly onPreview?: (frame: VideoFrame) => void;
  readonly onProblem: (problem: DeviceProblem) => void;
  /** `isOn` changed. */
  readonly onChanged: () => void;
}

export function createLocalVideo(options: LocalVideoOptions): LocalVideo {
  const { source, profile, room, clock, timers, log, open, onPreview, onProblem, onChanged } = options;
  const video: LocalVideo = new LocalDevice({
    device: source,
    log,
    open,
    whenOff: 'release',
    startPipeline: (track, onStopped) =>
      new VideoEncoderPipeline({
        track,
        profile,
        clock,
        timers,
        log,
        ...(onPreview && { onPreview }),
        onStopped,
        onLayerCount: (layers) => {
          video.stream?.setLayerCount(layers).catch((error: unknown) => {
            log.warn('A layer could not be switched', { source, error, layers });
          });
        },
      }),
    publish: async (pipeline) => {
      const { colorSpace, layers } = await withTimeout(
        pipeline.format,
        FIRST_PICTURE_TIMEOUT_MS,
        timers,
        () => new DeviceError(source, NO_PICTURE_SENTENCES[source]),
      );
      return SimulcastStream.publish({
        room,
        layers: layers.map((layer) => ({
          kind: 'video',
          source,
          codec: VIDEO_CODEC,
          framesPerSecond: profile.framesPerSecond,
          ...layer,
          ...(colorSpace && { colorSpace }),
        })),
        onPublished: (stream, layer) => {
          stream.onKeyFrameNeeded = () => pipeline.requestKeyFrame(layer);
          stream.onWantedChanged = (wanted) => pipeline.setWanted(layer, wanted);
          pipeline.setWanted(layer, stream.wanted);
          pipeline.requestKeyFrame(layer);
        },
      });
    },
    unpublish: (stream) => stream.unpublish(),
    onProblem,
    onChanged,
  });
  return video;
}
