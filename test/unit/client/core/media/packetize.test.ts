import { describe, expect, it } from 'vitest';
import { FrameNumbering } from '../../../../../client/core/media/FrameNumbering.ts';
import { encodeStreamFrame, fitsStream, packetize } from '../../../../../client/core/media/packetize.ts';
import { FrameType, HEADER_BYTES, MAX_DATAGRAM_BYTES } from '../../../../../shared/frame/layout.ts';
import { FrameFault, validateDatagram, validateStreamHeader } from '../../../../../shared/frame/validate.ts';
import { bytesOf, encoded } from '../../frames.ts';

const place = {
  userId: 0x01020304,
  streamId: 0x0a0b0c0d,
  spatialLayer: 1,
  baseFrame: 0xfffe,
  sequence: 0x112233,
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('packetize', () => {
  it('MH-2 cuts a frame into datagrams that are byte for byte the protocol', () => {
    const frame = encoded({
      timestampUs: 0x0005_1234_5678_9abc,
      payload: Uint8Array.of(0xde, 0xad, 0xbe),
      temporalLayer: 1,
      discardable: true,
    });
    const [first, last, ...more] = packetize(frame, place, 2);
    expect(more).toEqual([]);
    expect(hex(first ?? new Uint8Array())).toBe(
      [
        '01', // version
        '02', // video delta
        '0000000001020304', // user id
        '0a0b0c0d', // stream id
        '0005123456789abc', // capture time
        '0000000000112233', // sequence number
        '00000002', // payload length
        '0002', // discardable
        '09', // spatial 1, temporal 1
        '0000', // fragment index
        '00', // hop count
        'fffe', // base frame
        'dead',
      ].join(''),
    );
    expect(hex(last ?? new Uint8Array())).toBe(
      [
        '01',
        '02',
        '0000000001020304',
        '0a0b0c0d',
        '0005123456789abc',
        '0000000000112234', // one more
        '00000001',
        '0003', // end of frame, discardable
        '09',
        '0001',
        '00',
        'fffe',
        'be',
      ].join(''),
    );
  });

  it('MH-10 makes only datagrams that a handler accepts, at every size around a fragment', () => {
    const maxFragmentBytes = MAX_DATAGRAM_BYTES - HEADER_BYTES;
    for (const length of [0, 1, maxFragmentBytes - 1, maxFragmentBytes, maxFragmentBytes + 1, 20_000]) {
      const made = packetize(encoded({ payload: bytesOf(length) }), place, maxFragmentBytes);
      expect(made.map((datagram) => validateDatagram(datagram, 0))).toEqual(made.map(() => FrameFault.none));
      expect(made.reduce((sum, datagram) => sum + datagram.length - HEADER_BYTES, 0)).toBe(length);
    }
  });

  it('puts the stream header in front of the first frame of a media stream only', () => {
    const frame = encoded({ type: FrameType.videoKey, payload: Uint8Array.of(9) });
    const first = encodeStreamFrame(frame, place, 0, 'VP80');
    expect(hex(first.subarray(0, 32))).toBe(
      [
        '44415254', // DART
        '01', // version
        '01', // video
        '010203040000', // user id, zero
        '8000', // UUID version 8
        '800000000a0b0c0d'.slice(0, 8), // UUID variant, zero
        '0a0b0c0d', // stream id
        '56503830', // VP80
        '000000000000', // reserved
      ].join(''),
    );
    expect(validateStreamHeader(first, 32)).toBe(FrameFault.none);
    expect(hex(encodeStreamFrame(frame, place, 0, undefined))).toBe(hex(first.subarray(32)));
  });

  it('MH-10 knows which frames are over the bound of a media stream', () => {
    expect(fitsStream(encoded({ payload: new Uint8Array(999_958) }))).toBe(true);
    expect(fitsStream(encoded({ payload: new Uint8Array(999_959) }))).toBe(false);
  });
});

describe('FrameNumbering', () => {
  it('numbers the frames of layer 0 and repeats the number for the layers above (L1T2)', () => {
    const numbering = new FrameNumbering();
    expect([0, 1, 0, 1, 0, 0, 1].map((layer) => numbering.next(layer))).toEqual([0, 0, 1, 1, 2, 3, 3]);
  });

  it('wraps at 65,536', () => {
    const numbering = new FrameNumbering();
    for (let i = 0; i < 65_535; i++) numbering.next(0);
    expect([0, 1, 0, 1].map((layer) => numbering.next(layer))).toEqual([65_535, 65_535, 0, 0]);
  });
});
