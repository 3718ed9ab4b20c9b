import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FramingSink } from '../../../../media-node/transport/tcp/Framing.ts';
import { WebSocketFraming } from '../../../../media-node/transport/tcp/WebSocketFraming.ts';
import { CapsuleType, MAX_CAPSULE_BYTES } from '../../../../shared/webtransport/capsuleTypes.ts';
import { hex } from '../../shared/hex.ts';

interface Seen {
  readonly datagrams: number[][];
  readonly capsules: { type: number; value: number[] }[];
  readonly answers: number[][];
  goodbyes: number;
}

function framing(role: 'client' | 'server' = 'server'): {
  readonly framing: WebSocketFraming;
  readonly seen: Seen;
} {
  const seen: Seen = { datagrams: [], capsules: [], answers: [], goodbyes: 0 };
  const sink: FramingSink = {
    onDatagram: (bytes, at) => {
      expect(at).toBeGreaterThanOrEqual(1);
      seen.datagrams.push([...bytes.subarray(at)]);
    },
    onCapsule: (type, value) => {
      seen.capsules.push({ type, value: [...value] });
      return undefined;
    },
    onAnswer: (frame) => seen.answers.push([...frame]),
    onGoodbye: () => {
      seen.goodbyes++;
    },
  };
  return { framing: new WebSocketFraming(role, sink), seen };
}

const NOTHING = new Uint8Array(0);
/** A datagram of four bytes in one frame, masked with zeros. */
const DATAGRAM = '8285 00000000 00 01020304';

describe('WebSocket framing of capsules', () => {
  it('RFC 6455 unmasks a message, as section 5.3 says', () => {
    const { framing: server, seen } = framing();
    expect(server.read(hex('8285 37fa213d 37b2445148'))).toBeUndefined();
    expect(seen.datagrams).toEqual([[0x48, 0x65, 0x6c, 0x7f]]);
  });

  it('carries capsules of every size from either end to the other, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('client' as const, 'server' as const),
        fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(50), { maxLength: 20 }),
        (from, values, splits) => {
          const { framing: sender } = framing(from);
          const { framing: receiver, seen } = framing(from === 'client' ? 'server' : 'client');
          const bytes = Buffer.concat(
            values.map((value) => sender.encode(CapsuleType.stream, NOTHING, value)),
          );
          let at = 0;
          for (const split of [...splits, bytes.length]) {
            expect(receiver.read(Uint8Array.from(bytes.subarray(at, at + split)))).toBeUndefined();
            at += split;
          }
          if (at < bytes.length) receiver.read(Uint8Array.from(bytes.subarray(at)));
          expect(seen.capsules.map(({ value }) => value)).toEqual(values.map((value) => [...value]));
        },
      ),
    );
  });

  it('carries a value of 64 KiB and more, whose length takes eight bytes', () => {
    const { framing: client } = framing('client');
    const { framing: server, seen } = framing();
    const value = new Uint8Array(70_000).fill(7);
    expect(server.read(client.encode(CapsuleType.stream, NOTHING, value))).toBeUndefined();
    expect(seen.capsules[0]?.value).toHaveLength(70_000);
  });

  it('MH-1 puts a message together that came in fragments, with a ping between them, and the next is its own again', () => {
    const { framing: server, seen } = framing();
    server.read(
      hex('0283 00000000 00 0102', '8980 00000000', '0081 00000000 03', '8081 00000000 04', DATAGRAM),
    );
    expect(seen.datagrams).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(seen.answers).toEqual([[0x8a, 0]]);
  });

  it('answers a ping with its own bytes and tells of a close', () => {
    const { framing: server, seen } = framing();
    server.read(hex('8982 00000000 4142', '8880 00000000'));
    expect(seen.answers).toEqual([[0x8a, 2, 0x41, 0x42]]);
    expect(seen.goodbyes).toBe(1);
  });

  it.each([
    ['a message without a capsule', '8280 00000000'],
    ['a type that is cut short', '8281 00000000 40'],
    ['a frame that is not masked', '8205 00 01020304'],
    ['an extension', 'c285 00000000 00 01020304'],
    ['text', '8181 00000000 41'],
    ['an opcode that is reserved', '8381 00000000 41'],
    ['a continuation of nothing', '8081 00000000 00'],
    ['a message within another', '0281 00000000 00 8281 00000000 00'],
    ['a control frame in fragments', '0980 00000000'],
    ['a control frame over 125 bytes', '89fe 007e 00000000'],
    ['a length over 4 GiB', '82ff 0000000100000000 00000000'],
    ['a length over the bound', '82ff 00000000ffffffff 00000000'],
    ['a datagram over the bound', `82fe 0642 00000000 ${'00'.repeat(0x642)}`],
  ])('MH-10 refuses %s', (_what, bytes) => {
    expect(framing().framing.read(hex(bytes))).toEqual(expect.any(String));
  });

  it('MH-10 refuses a message in more frames than anybody sends, also when they are empty', () => {
    const { framing: server } = framing();
    const empty = '0080 00000000'.repeat(64);
    expect(server.read(hex('0281 00000000 00', empty))).toEqual(expect.any(String));
  });

  it('MH-10 refuses fragments that come to more than a message may have', () => {
    const { framing: server } = framing();
    const piece = new Uint8Array(100_000);
    const header = hex('82ff 00000000000186a0 00000000');
    let fault: string | undefined;
    for (let index = 0; index * piece.length <= MAX_CAPSULE_BYTES + piece.length; index++) {
      header[0] = index === 0 ? 0x02 : 0x00;
      fault ??= server.read(Uint8Array.of(...header)) ?? server.read(piece);
    }
    expect(fault).toEqual(expect.any(String));
  });

  it('MH-10 takes any bytes without a throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
        const { framing: server } = framing();
        for (const chunk of chunks) if (server.read(Uint8Array.from(chunk)) !== undefined) return;
      }),
      { numRuns: 5_000 },
    );
  });
});
