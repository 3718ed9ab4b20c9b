import { describe, expect, it } from 'vitest';
import { FrameAssembler, wholeFrame } from '../../../../../client/core/media/FrameAssembler.ts';
import { encodeStreamFrame } from '../../../../../client/core/media/packetize.ts';
import { FrameType } from '../../../../../shared/frame/layout.ts';
import { bytesOf, datagrams, encoded, seededRandom } from '../../frames.ts';

describe('FrameAssembler', () => {
  it('gives a frame of one datagram back at once, without copying it', () => {
    const [datagram] = datagrams(encoded({ temporalLayer: 1, discardable: true }), {
      sequence: 5,
      baseFrame: 2,
    });
    const frame = new FrameAssembler().push(datagram ?? new Uint8Array(), 12);
    expect(frame).toMatchObject({ baseFrame: 2, firstSequence: 5, temporalLayer: 1, discardable: true });
    expect(frame?.completedAtMs).toBe(12);
    expect(frame?.payload.buffer).toBe(datagram?.buffer);
  });

  it('puts a frame together whatever the order of its fragments', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 200; round++) {
      const payload = bytesOf(1 + Math.floor(random() * 95));
      const parts = datagrams(encoded({ payload }), { sequence: 100, baseFrame: 0 });
      parts.sort(() => random() - 0.5);
      const assembler = new FrameAssembler();
      const frames = parts.flatMap((part) => assembler.push(part, 0) ?? []);
      expect(frames).toHaveLength(1);
      expect(frames[0]?.payload).toEqual(payload);
      expect(frames[0]?.firstSequence).toBe(100);
      expect(assembler.partialFrames).toBe(0);
    }
  });

  it('keeps interleaved frames apart', () => {
    const first = datagrams(encoded({ payload: bytesOf(25) }), { sequence: 0, baseFrame: 0 });
    const second = datagrams(encoded({ payload: bytesOf(15) }), { sequence: 3, baseFrame: 1 });
    const assembler = new FrameAssembler();
    const order = [first[0], second[1], first[2], second[0], first[1]];
    const frames = order.flatMap((part) => assembler.push(part ?? new Uint8Array(), 0) ?? []);
    expect(frames.map(({ baseFrame, payload }) => [baseFrame, payload.length])).toEqual([
      [1, 15],
      [0, 25],
    ]);
  });

  it('MH-10 ignores a fragment that comes twice or contradicts its frame', () => {
    const assembler = new FrameAssembler();
    const parts = datagrams(encoded({ payload: bytesOf(25) }), { sequence: 0, baseFrame: 0 });
    const beyond = datagrams(encoded({ payload: bytesOf(45) }), { sequence: 0, baseFrame: 0 });
    const [first, second, last] = parts as [Uint8Array, Uint8Array, Uint8Array];
    expect(assembler.push(first, 0)).toBeUndefined();
    expect(assembler.push(first, 0)).toBeUndefined();
    expect(assembler.push(last, 0)).toBeUndefined();
    expect(assembler.push(beyond[4] as Uint8Array, 0)).toBeUndefined();
    expect(assembler.malformed).toBe(2);
    expect(assembler.push(second, 0)?.payload).toEqual(bytesOf(25));
  });

  it('MH-10 gives the oldest up when too many frames wait, and says how many', () => {
    const assembler = new FrameAssembler();
    for (let frame = 0; frame < 40; frame++) {
      const [start] = datagrams(encoded({ payload: bytesOf(15) }), { sequence: frame * 2, baseFrame: frame });
      assembler.push(start as Uint8Array, 0);
    }
    expect(assembler.partialFrames).toBe(32);
    expect(assembler.abandoned).toBe(8);
  });

  it('MH-10 bounds the bytes that wait', () => {
    const assembler = new FrameAssembler();
    const fragment = 1_000_000;
    for (let frame = 0; frame < 6; frame++) {
      const [start] = datagrams(
        encoded({ payload: new Uint8Array(fragment + 1) }),
        { sequence: frame * 2, baseFrame: frame },
        fragment,
      );
      assembler.push(start as Uint8Array, 0);
    }
    expect(assembler.partialFrames).toBe(4);
  });

  it('reads a whole frame as it comes on a media stream', () => {
    const bytes = encodeStreamFrame(
      encoded({ type: FrameType.videoKey, payload: bytesOf(5_000) }),
      { userId: 7, streamId: 3, spatialLayer: 0, baseFrame: 9, sequence: 77 },
      5,
      undefined,
    );
    expect(wholeFrame(bytes, 3)).toMatchObject({
      type: FrameType.videoKey,
      baseFrame: 9,
      firstSequence: 72,
      payload: bytesOf(5_000),
    });
  });
});
