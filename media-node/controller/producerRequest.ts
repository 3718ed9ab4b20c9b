import type { ProducerSource } from '../../shared/api/handler.ts';
import { type StreamInfo, signaling } from '../../shared/signaling/messages.ts';
import type { ProducerRequest } from './MediaPlane.ts';

const { MediaKind, MediaSource } = signaling;
const SOURCES: ReadonlyMap<number, ProducerSource> = new Map([
  [MediaSource.MICROPHONE, 'microphone'],
  [MediaSource.CAMERA, 'camera'],
  [MediaSource.SCREEN, 'screen'],
  [MediaSource.SCREEN_AUDIO, 'screen_audio'],
]);

/** What a media handler has to know of a stream; its info was checked when it was published. */
export function producerRequest(transportId: string, streamId: number, info: StreamInfo): ProducerRequest {
  return {
    transport_id: transportId,
    stream_id: streamId,
    kind: info.kind === MediaKind.VIDEO ? 'video' : 'audio',
    spatial_layer: info.spatialLayer ?? 0,
    source: SOURCES.get(info.source ?? MediaSource.MICROPHONE) ?? 'microphone',
    bitrate_bps: info.bitrateBps ?? 0,
  };
}
