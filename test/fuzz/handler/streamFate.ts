// What is to become of a media stream, read off its bytes in one go: the model that the worker, which sees them in pieces, is
// held against (protocol document, "Media on streams").
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import {
  isOnDemand,
  readHopCount,
  readPayloadLength,
  readStreamId,
  readType,
  readUserId,
} from '../../../shared/frame/read.ts';
import { FrameFault, validateStreamHeader } from '../../../shared/frame/validate.ts';
import {
  readStreamHeader,
  STREAM_HEADER_BYTES,
  StreamFault,
  StreamType,
  validateMediaStreamHeader,
} from '../../../shared/media-stream/header.ts';

/** Who sends it, and what kind each of its streams was published as. */
export interface StreamSender {
  readonly userId: number;
  readonly streams: ReadonlyMap<number, 'audio' | 'video'>;
}

export interface StreamFate {
  /** Undefined for a stream whose header was not taken. */
  readonly streamId: number | undefined;
  /** At its end, if it ends where its bytes do. */
  readonly end: 'whole' | 'malformed' | 'refused';
  /** Frames whose header is in order. */
  readonly frames: number;
  /** Bytes before the first fault, or all. */
  readonly passedBytes: number;
  /** Where the first frame on demand starts; undefined without one. */
  readonly onDemandAt: number | undefined;
}

export function fateOf(bytes: Uint8Array, sender: StreamSender): StreamFate {
  const nothing = { streamId: undefined, frames: 0, passedBytes: 0, onDemandAt: undefined };
  if (validateMediaStreamHeader(bytes, 0) !== StreamFault.none) return { ...nothing, end: 'malformed' };
  const header = readStreamHeader(bytes, 0);
  const { streamId } = header;
  const isAudio = header.type === StreamType.audio;
  const kind = header.userId === sender.userId ? sender.streams.get(streamId) : undefined;
  if (kind !== (isAudio ? 'audio' : 'video')) return { ...nothing, end: 'refused' };
  let [at, frames, onDemandAt]: [number, number, number | undefined] = [STREAM_HEADER_BYTES, 0, undefined];
  while (at < bytes.length) {
    const isInOrder =
      validateStreamHeader(bytes, at) === FrameFault.none &&
      readHopCount(bytes, at) === 0 &&
      readUserId(bytes, at) === header.userId &&
      readStreamId(bytes, at) === streamId &&
      (readType(bytes, at) === FrameType.audio) === isAudio;
    if (!isInOrder) return { streamId, end: 'malformed', frames, passedBytes: at, onDemandAt };
    frames++;
    if (isOnDemand(bytes, at)) onDemandAt ??= at;
    at += HEADER_BYTES + readPayloadLength(bytes, at);
  }
  const end = at === bytes.length ? 'whole' : 'malformed';
  return { streamId, end, frames, passedBytes: bytes.length, onDemandAt };
}

/** What a subscriber gets of it: with all of it on streams, or what its publisher chose to send so. Undefined for nothing. */
export function receivedOf(
  { end, frames, passedBytes, onDemandAt }: StreamFate,
  isAllOnStreams: boolean,
): { readonly bytes: number; readonly isFinished: boolean } | undefined {
  if (frames === 0 || (!isAllOnStreams && onDemandAt === STREAM_HEADER_BYTES)) return undefined;
  if (isAllOnStreams || onDemandAt === undefined) return { bytes: passedBytes, isFinished: end === 'whole' };
  return { bytes: onDemandAt, isFinished: true };
}
