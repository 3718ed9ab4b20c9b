import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFramed,
  FramedReader,
  LENGTH_BYTES,
  MAX_MESSAGE_BYTES,
} from '../../../../shared/signaling/framing.ts';
import { hex } from '../hex.ts';
import { holds } from '../holds.ts';

function readAll(reader: FramedReader, chunks: readonly Uint8Array[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const chunk of chunks) reader.push(chunk, (message) => messages.push(message));
  return messages;
}

/** The bytes cut at these places. */
function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

describe('length-prefixed framing', () => {
  it('MC-1 puts a big-endian 32-bit length in front of the message', () => {
    expect(encodeFramed(hex('0a0b0c'))).toEqual(
      hex(
        '00000003', // length
        '0a0b0c', //   message
      ),
    );
    expect(encodeFramed(new Uint8Array(0x0102)).subarray(0, LENGTH_BYTES)).toEqual(hex('00000102'));
  });

  it('MC-1 gives the same messages however the bytes are cut', () => {
    holds(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.nat({ max: 4_000 }), { maxLength: 30 }),
        (messages, cuts) => {
          const stream = Uint8Array.from(messages.flatMap((message) => [...encodeFramed(message)]));
          const reader = new FramedReader();
          expect(readAll(reader, split(stream, cuts))).toEqual(messages);
          expect(reader.fault).toBeUndefined();
          expect(reader.atBoundary).toBe(true);
        },
      ),
    );
  });

  it('MC-1 gives the same messages byte by byte', () => {
    const messages = [hex('01'), hex('0203'), new Uint8Array(300).fill(7)];
    const stream = Uint8Array.from(messages.flatMap((message) => [...encodeFramed(message)]));
    expect(
      readAll(
        new FramedReader(),
        Array.from(stream, (byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(messages);
  });

  it('MC-1 hands out messages that later chunks do not change', () => {
    const reader = new FramedReader();
    const chunk = encodeFramed(hex('0102'));
    const [first] = readAll(reader, [chunk]);
    chunk.fill(0xff);
    expect(first).toEqual(hex('0102'));
  });

  it('MC-1 takes a message of exactly the bound, and not one byte more', () => {
    const largest = new Uint8Array(MAX_MESSAGE_BYTES).fill(9);
    expect(readAll(new FramedReader(), [encodeFramed(largest)])).toEqual([largest]);
    expect(() => encodeFramed(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(
      new RangeError('Message must be at most 65536 bytes: got 65537'),
    );
    const reader = new FramedReader();
    expect(reader.push(hex('00010001'), () => expect.unreachable())).toBe('oversized');
  });

  it('MH-10 faults on an announcement over the bound before a byte of it came, and reads nothing after', () => {
    const reader = new FramedReader(16);
    const messages: Uint8Array[] = [];
    const collect = (message: Uint8Array): unknown => messages.push(message);
    expect(reader.push(hex('00000001 aa', '00000011', '00000001 bb'), collect)).toBe('oversized');
    expect(reader.push(encodeFramed(hex('cc')), collect)).toBe('oversized');
    expect(messages).toEqual([hex('aa')]);
    expect(reader.fault).toBe('oversized');
    expect(reader.atBoundary).toBe(false);
  });

  it('MH-10 faults on an empty message', () => {
    const reader = new FramedReader();
    expect(reader.push(hex('00000000'), () => expect.unreachable())).toBe('empty');
    expect(reader.fault).toBe('empty');
  });

  it('MC-1 knows whether a stream that ends here is cut in the middle of a message', () => {
    const reader = new FramedReader();
    const seen: boolean[] = [reader.atBoundary];
    for (const byte of hex('00000002 aabb')) {
      reader.push(Uint8Array.of(byte), () => undefined);
      seen.push(reader.atBoundary);
    }
    expect(seen).toEqual([true, false, false, false, false, false, true]);
  });
});
