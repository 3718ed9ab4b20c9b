import { FrameType, HEADER_BYTES } from '../../shared/frame/layout.ts';
import { type FrameHeader, writeFrameHeader } from '../../shared/frame/write.ts';

export function frame(userId: number, streamId: number, change: Partial<FrameHeader> = {}): Uint8Array {
  const payloadLength = change.payloadLength ?? 8;
  const bytes = new Uint8Array(HEADER_BYTES + payloadLength).fill(0xab, HEADER_BYTES);
  writeFrameHeader(bytes, 0, {
    type: FrameType.videoDelta,
    userId,
    streamId,
    timestampUs: 1_700_000_000_000_000,
    sequence: 0,
    payloadLength,
    flags: 1,
    spatialLayer: 0,
    temporalLayer: 0,
    fragmentIndex: 0,
    hopCount: 0,
    baseFrame: 0,
    ...change,
  });
  return bytes;
}
