import { describe, expect, it } from 'vitest';
import {
  controlLength,
  decodeAck,
  encodeAck,
  MAX_ACK_ENTRIES,
  PING_BYTES,
  turnPingIntoPong,
  writePing,
} from '../../../shared/frame/control.ts';
import { HEADER_BYTES, MAX_DATAGRAM_BYTES } from '../../../shared/frame/layout.ts';
import { readPayloadLength, readSequence, readTimestampUs } from '../../../shared/frame/read.ts';
import { FrameFault, validateDatagram, validateStreamHeader } from '../../../shared/frame/validate.ts';
import { writeFrameHeader } from '../../../shared/frame/write.ts';
import {
  readStreamHeader,
  StreamFault,
  StreamType,
  validateMediaStreamHeader,
  writeStreamHeader,
} from '../../../shared/media-stream/header.ts';
import { everyCase, hostileInput } from './inputs.ts';

const frameFaults = new Set<number>(Object.values(FrameFault));
const streamFaults = new Set<number>(Object.values(StreamFault));

function mediaDatagram(payloadLength: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payloadLength);
  writeFrameHeader(bytes, 0, {
    type: 2,
    userId: 7,
    streamId: 11,
    timestampUs: 1_795_262_400_123_456,
    sequence: 12_345_678_901,
    payloadLength,
    flags: 3,
    spatialLayer: 2,
    temporalLayer: 1,
    fragmentIndex: 4,
    hopCount: 1,
    baseFrame: 65_535,
  });
  return bytes;
}

function ping(): Uint8Array {
  const bytes = new Uint8Array(PING_BYTES);
  writePing(bytes, 0, 1, 1);
  return bytes;
}

function pong(): Uint8Array {
  const bytes = ping();
  turnPingIntoPong(bytes, 0);
  return bytes;
}

function streamHeader(): Uint8Array {
  const bytes = new Uint8Array(32);
  writeStreamHeader(bytes, 0, { type: StreamType.video, userId: 7, streamId: 11, fourCc: 'VP80' });
  return bytes;
}

describe('frame parsers under hostile input', () => {
  it('MH-10 validateDatagram answers a known fault to everything, and none only to whole datagrams', () => {
    const valid = [mediaDatagram(0), mediaDatagram(30), mediaDatagram(MAX_DATAGRAM_BYTES - HEADER_BYTES)];
    const seen = new Set<number>();
    everyCase(1, (random) => {
      const bytes = hostileInput(random, valid, MAX_DATAGRAM_BYTES + 20);
      const at = random.below(3);
      const fault = validateDatagram(bytes, at);
      seen.add(fault);
      if (!frameFaults.has(fault)) throw new Error(`unknown fault ${fault}`);
      if (fault === FrameFault.none && bytes.length - at !== HEADER_BYTES + readPayloadLength(bytes, at))
        throw new Error('took a datagram whose payload is not all there');
      if (!(readSequence(bytes, at) >= 0 && readTimestampUs(bytes, at) >= 0))
        throw new Error('read no number');
    });
    expect([...seen].sort((a, b) => a - b)).toEqual([...frameFaults]);
  }, 60_000);

  it('MH-10 validateStreamHeader answers a known fault to everything, and never a payload over its bound', () => {
    const valid = [mediaDatagram(0), mediaDatagram(200)];
    const seen = new Set<number>();
    everyCase(2, (random) => {
      const bytes = hostileInput(random, valid, 80);
      const fault = validateStreamHeader(bytes, random.below(3));
      seen.add(fault);
      if (!frameFaults.has(fault)) throw new Error(`unknown fault ${fault}`);
    });
    // The payload is yet to come, so its length cannot mismatch.
    expect(seen).toEqual(new Set([...frameFaults].filter((fault) => fault !== FrameFault.lengthMismatch)));
  }, 60_000);

  it('MH-10 validateMediaStreamHeader answers a known fault to everything, and what it passes reads as numbers', () => {
    const valid = [streamHeader()];
    const seen = new Set<number>();
    everyCase(3, (random) => {
      const bytes = hostileInput(random, valid, 50);
      const at = random.below(2);
      const fault = validateMediaStreamHeader(bytes, at);
      seen.add(fault);
      if (!streamFaults.has(fault)) throw new Error(`unknown fault ${fault}`);
      if (fault !== StreamFault.none) return;
      const header = readStreamHeader(bytes, at);
      const again = new Uint8Array(32);
      writeStreamHeader(again, 0, header);
      if (again.some((byte, i) => byte !== bytes[at + i]))
        throw new Error('read another header than was there');
    });
    expect(seen).toEqual(streamFaults);
  }, 60_000);

  it('MH-10 controlLength and decodeAck take whole control datagrams only, and never more entries than fit', () => {
    const entry = { userId: 7, streamId: 11, highestSequence: 12_345_678_901 };
    const valid = [ping(), pong(), ...[0, 1, 3, MAX_ACK_ENTRIES].map((n) => encodeAck(Array(n).fill(entry)))];
    let taken = 0;
    everyCase(4, (random) => {
      const bytes = hostileInput(random, valid, MAX_DATAGRAM_BYTES + 20);
      const at = random.below(2);
      const length = controlLength(bytes, at);
      const entries = decodeAck(bytes, at);
      if (length !== 0 && length !== bytes.length - at)
        throw new Error(`took ${length} of ${bytes.length - at}`);
      if (entries.length > MAX_ACK_ENTRIES || (length === 0 && entries.length > 0))
        throw new Error(`${entries.length} entries from ${length} bytes`);
      if (length !== 0) taken++;
    });
    expect(taken).toBeGreaterThan(1_000);
  }, 60_000);
});
