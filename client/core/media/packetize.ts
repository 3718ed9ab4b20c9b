// Frames into datagrams and into the form that frames have on media streams.
import {
  FLAG_DISCARDABLE,
  FLAG_END_OF_FRAME,
  FLAG_ON_DEMAND,
  FrameType,
  HEADER_BYTES,
  MAX_STREAM_FRAME_BYTES,
} from '../../../shared/frame/layout.ts';
import { type FrameHeader, writeFrameHeader } from '../../../shared/frame/write.ts';
import { STREAM_HEADER_BYTES, StreamType, writeStreamHeader } from '../../../shared/media-stream/header.ts';
import type { EncodedFrame } from './EncodedFrame.ts';

/** Which stream a frame belongs to, and its numbers there. */
export interface FramePlace {
  readonly userId: number;
  readonly streamId: number;
  readonly spatialLayer: number;
  readonly baseFrame: number;
  /** Number of the stream's next datagram: the frame's first, unless the frame goes on a stream, where it takes none. */
  readonly sequence: number;
  /** In a form that the publisher would not choose for it. */
  readonly isOnDemand?: boolean;
}

/** How many datagrams a payload takes; an empty one takes one. */
export function fragmentCount(payloadBytes: number, maxFragmentBytes: number): number {
  return Math.max(1, Math.ceil(payloadBytes / maxFragmentBytes));
}

/** The datagrams of a frame, in order, numbered from place.sequence. Each is a buffer of its own. */
export function packetize(frame: EncodedFrame, place: FramePlace, maxFragmentBytes: number): Uint8Array[] {
  const count = fragmentCount(frame.payload.length, maxFragmentBytes);
  const datagrams: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const from = index * maxFragmentBytes;
    const part = frame.payload.subarray(from, from + maxFragmentBytes);
    const datagram = new Uint8Array(HEADER_BYTES + part.length);
    writeFrameHeader(
      datagram,
      0,
      headerOf(frame, place, {
        sequence: place.sequence + index,
        fragmentIndex: index,
        payloadLength: part.length,
        isLast: index === count - 1,
      }),
    );
    datagram.set(part, HEADER_BYTES);
    datagrams.push(datagram);
  }
  return datagrams;
}

/** False when the frame is over the bound of a media stream. */
export function fitsStream(frame: EncodedFrame): boolean {
  return HEADER_BYTES + frame.payload.length <= MAX_STREAM_FRAME_BYTES;
}

/**
 * A whole frame as it goes on a media stream, unfragmented, with the 32-byte stream header in front when it is the first.
 * `datagrams`: those that the same frame went out as, right before place.sequence.
 */
export function encodeStreamFrame(
  frame: EncodedFrame,
  place: FramePlace,
  datagrams: number,
  streamHeaderFourCc: string | undefined,
): Uint8Array {
  const prefix = streamHeaderFourCc === undefined ? 0 : STREAM_HEADER_BYTES;
  const bytes = new Uint8Array(prefix + HEADER_BYTES + frame.payload.length);
  if (streamHeaderFourCc !== undefined) {
    writeStreamHeader(bytes, 0, {
      type: frame.type === FrameType.audio ? StreamType.audio : StreamType.video,
      userId: place.userId,
      streamId: place.streamId,
      fourCc: streamHeaderFourCc,
    });
  }
  writeFrameHeader(
    bytes,
    prefix,
    headerOf(frame, place, {
      sequence: place.sequence,
      fragmentIndex: datagrams,
      payloadLength: frame.payload.length,
      isLast: true,
    }),
  );
  bytes.set(frame.payload, prefix + HEADER_BYTES);
  return bytes;
}

function headerOf(
  frame: EncodedFrame,
  place: FramePlace,
  fragment: {
    readonly sequence: number;
    readonly fragmentIndex: number;
    readonly payloadLength: number;
    readonly isLast: boolean;
  },
): FrameHeader {
  return {
    type: frame.type,
    userId: place.userId,
    streamId: place.streamId,
    timestampUs: frame.timestampUs,
    sequence: fragment.sequence,
    payloadLength: fragment.payloadLength,
    flags:
      (fragment.isLast ? FLAG_END_OF_FRAME : 0) |
      (frame.discardable ? FLAG_DISCARDABLE : 0) |
      (place.isOnDemand ? FLAG_ON_DEMAND : 0),
    spatialLayer: place.spatialLayer,
    temporalLayer: frame.temporalLayer,
    fragmentIndex: fragment.fragmentIndex,
    hopCount: 0,
    baseFrame: place.baseFrame,
  };
}
