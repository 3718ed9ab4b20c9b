import type { MediaConnection } from '../../core/media/MediaConnection.ts';
import type { ReceiverInterval } from '../../core/media/ReceiverStats.ts';
import type { PublishedStream } from '../../core/signaling/types.ts';
import type { VideoEncoderStats } from '../encode/VideoEncoderPipeline.ts';
import { VIDEO_CODEC } from '../encode/VideoLayerEncoder.ts';
import type { TileStats } from '../MeetingClient.ts';
import type { AudioReceiver } from '../playback/AudioReceiver.ts';
import type { VideoReceiver } from '../playback/VideoReceiver.ts';

/** Figures of another participant's tile. What is not known is left out. */
export function remoteTileStats(
  media: MediaConnection,
  video: { readonly stream: PublishedStream; readonly receiver: VideoReceiver } | undefined,
  audio: { readonly stream: PublishedStream; readonly receiver: AudioReceiver } | undefined,
): TileStats {
  const videoInterval = video && media.receiverInterval(video.stream.userId, video.stream.streamId);
  const audioInterval = audio && media.receiverInterval(audio.stream.userId, audio.stream.streamId);
  const decoded = video?.receiver.stats;
  const loss = lossRatio([videoInterval, audioInterval]);
  return {
    ...(videoInterval && { videoBitrateBps: videoInterval.bitrateBps }),
    ...(audioInterval && { audioBitrateBps: audioInterval.bitrateBps }),
    ...(loss !== undefined && { lossRatio: loss }),
    ...(media.roundTripMs !== undefined && { roundTripMs: media.roundTripMs }),
    ...(decoded && {
      framesPerSecond: decoded.framesPerSecond,
      framesDecoded: decoded.framesDecoded,
      jitterBufferMs: decoded.jitterBufferMs,
    }),
    ...(decoded?.width !== undefined && { width: decoded.width }),
    ...(decoded?.height !== undefined && { height: decoded.height }),
    ...(video && { codec: video.stream.codec }),
  };
}

/** Figures of what this participant sends itself. What is not known is left out. */
export function ownTileStats(
  { roundTripMs }: Pick<MediaConnection, 'roundTripMs'>,
  rates: TileStats,
  video: VideoEncoderStats | undefined,
): TileStats {
  return {
    ...rates,
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(video !== undefined && video.width > 0 && { width: video.width, height: video.height }),
    ...(video !== undefined && {
      codec: VIDEO_CODEC,
      layers: video.layers,
      allLayers: video.allLayers,
      isOverloaded: video.isOverloaded,
    }),
  };
}

/** Over all streams together; undefined when nothing was expected. */
export function lossRatio(intervals: readonly (ReceiverInterval | undefined)[]): number | undefined {
  let lost = 0;
  let expected = 0;
  for (const interval of intervals) {
    if (interval === undefined) continue;
    lost += interval.lost;
    expected += interval.lost + interval.received;
  }
  return expected === 0 ? undefined : lost / expected;
}
