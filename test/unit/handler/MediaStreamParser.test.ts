import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaStreamParser, type StreamVerdict } from '../../../media-node/handler/MediaStreamParser.ts';
import {
  HEADER_BYTES,
  MAX_STREAM_FRAME_BYTES,
  OFFSET_HOP_COUNT,
  OFFSET_VERSION,
} from '../../../shared/frame/layout.ts';
import { writeUint32 } from '../../../shared/frame/write.ts';
import { STREAM_HEADER_BYTES, type StreamHeader } from '../../../shared/media-stream/header.ts';
import { frame, mediaStream } from './meeting.ts';

function parse(chunks: readonly Uint8Array[], accept = true) {
  const passed: Uint8Array[] = [];
  const headers: StreamHeader[] = [];
  const parser = new MediaStreamParser({
    onHeader: (header) => {
      headers.push(header);
      return accept;
    },
    onBytes: (bytes) => passed.push(bytes),
  });
  let verdict: StreamVerdict = 'none';
  for (const chunk of chunks) verdict = parser.push(chunk);
  return { verdict, headers, passed, bytes: Buffer.concat(passed), atBoundary: parser.atBoundary };
}

const frames = [frame(1, 10, { payloadLength: 0 }), frame(1, 10, { payloadLength: 300 })];
const whole = mediaStream(1, 10, frames);

describe('MediaStreamParser', () => {
  it('MH-1 passes a stream on as it came, in the very chunk where nothing is cut', () => {
    const { verdict, headers, passed, atBoundary } = parse([whole]);
    expect([verdict, atBoundary]).toEqual(['none', true]);
    expect(headers).toEqual([{ type: 1, userId: 1, streamId: 10, fourCc: 'VP80' }]);
    expect(passed).toHaveLength(1);
    expect(passed[0]).toBe(whole);
  });

  it('MH-1 passes the same bytes on however the stream was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (let turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(whole.subarray(at, at + size));
          at += size;
        }
        const { verdict, bytes, atBoundary } = parse(chunks);
        expect([verdict, atBoundary]).toEqual(['none', true]);
        expect(bytes.equals(whole)).toBe(true);
      }),
    );
  });

  it('MH-1 does not wait for the rest of a payload', () => {
    const upTo = STREAM_HEADER_BYTES + HEADER_BYTES * 2 + 5;
    const { bytes, atBoundary } = parse([whole.subarray(0, upTo)]);
    expect([bytes.length, atBoundary]).toEqual([upTo, false]);
  });

  const spoilt = (at: number, value: number): Uint8Array => {
    const copy = whole.slice();
    copy[at] = value;
    return copy;
  };
  const tooLong = mediaStream(1, 10, [frame(1, 10, { payloadLength: 0 })]);
  writeUint32(tooLong, STREAM_HEADER_BYTES + 30, MAX_STREAM_FRAME_BYTES);
  const secondFrameAt = STREAM_HEADER_BYTES + HEADER_BYTES;

  it.each([
    ['magic', spoilt(0, 0), 0],
    ['reserved bytes', spoilt(31, 1), 0],
    ['frame version', spoilt(STREAM_HEADER_BYTES + OFFSET_VERSION, 9), STREAM_HEADER_BYTES],
    ['frame of another user', mediaStream(1, 10, [frame(2, 10)]), STREAM_HEADER_BYTES],
    ['frame of another stream', mediaStream(1, 10, [frame(1, 11)]), STREAM_HEADER_BYTES],
    ['frame over the bound', tooLong, STREAM_HEADER_BYTES],
    ['hops', spoilt(secondFrameAt + OFFSET_HOP_COUNT, 1), secondFrameAt],
  ])('MH-10 finds a stream malformed by its %s and passes nothing on from there', (_name, stream, good) => {
    for (const chunks of [[stream], Array.from(stream, (byte) => Uint8Array.of(byte))]) {
      const { verdict, bytes } = parse(chunks);
      expect(verdict).toBe('malformed');
      expect(bytes.equals(stream.subarray(0, good))).toBe(true);
    }
  });

  it('MH-10 passes nothing on of a stream that is refused, and takes no more', () => {
    const { verdict, bytes, headers } = parse([whole, whole], false);
    expect([verdict, bytes.length, headers.length]).toEqual(['refused', 0, 1]);
  });

  it('is at no boundary before the header is whole', () => {
    expect(parse([]).atBoundary).toBe(false);
    expect(parse([whole.subarray(0, 31)]).atBoundary).toBe(false);
    expect(parse([whole.subarray(0, 32)]).atBoundary).toBe(true);
  });
});
