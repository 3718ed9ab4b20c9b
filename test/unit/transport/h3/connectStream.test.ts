import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../media-node/transport/h3/bytes.ts';
import { ConnectStreamReader } from '../../../../media-node/transport/h3/ConnectStreamReader.ts';
import { type CloseCapsule, encodeCloseCapsule } from '../../../../media-node/transport/h3/capsule.ts';
import { Bounds, FrameType } from '../../../../media-node/transport/h3/constants.ts';
import { encodeTlv } from '../../../../media-node/transport/h3/encodeTlv.ts';
import { type H3Fault, H3Faults } from '../../../../media-node/transport/h3/fault.ts';
import type { Field } from '../../../../media-node/transport/h3/qpack.ts';
import { encodeResponse } from '../../../../media-node/transport/h3/request.ts';
import { encodeVarint } from '../../../../shared/webtransport/varint.ts';
import { CHROMIUM_CONNECT, hex } from './golden.ts';

interface Seen {
  readonly fields: readonly (readonly Field[])[];
  readonly closes: readonly CloseCapsule[];
  readonly fault: H3Fault | undefined;
  readonly end: H3Fault | undefined;
}

function readStream(chunks: readonly Uint8Array[]): Seen {
  const fields: (readonly Field[])[] = [];
  const closes: CloseCapsule[] = [];
  const reader = new ConnectStreamReader({
    onFields: (section) => fields.push(section),
    onClose: (close) => closes.push(close),
  });
  let fault: H3Fault | undefined;
  for (const chunk of chunks) fault = reader.push(chunk);
  return { fields, closes, fault, end: reader.end() };
}

const data = (value: Uint8Array): Uint8Array => encodeTlv(FrameType.data, value);
/** What Chromium sends for wt.close({ closeCode: 4001, reason: 'bye' }). */
const CHROMIUM_CLOSE = hex('000a68430700000fa1627965');

describe('CONNECT stream', () => {
  it('reads the request of Chromium', () => {
    expect(readStream([CHROMIUM_CONNECT]).fields).toEqual([
      [
        { name: ':scheme', value: 'https' },
        { name: ':method', value: 'CONNECT' },
        { name: ':authority', value: '127.0.0.1:4832' },
        { name: ':path', value: '/meetings/7?as=x' },
        { name: ':protocol', value: 'webtransport' },
        { name: 'sec-webtransport-http3-draft02', value: '1' },
        { name: 'origin', value: 'http://localhost:8123' },
      ],
    ]);
  });

  it('reads and writes the close of Chromium', () => {
    const close = { code: 4001, reason: 'bye' };
    expect(readStream([CHROMIUM_CONNECT, CHROMIUM_CLOSE])).toMatchObject({
      closes: [close],
      fault: undefined,
    });
    expect(data(encodeCloseCapsule(close))).toEqual(CHROMIUM_CLOSE);
  });

  it('MH-10 sees the same however the bytes are split, with reserved frames and capsules among them', () => {
    const reservedFrame = encodeTlv(0x21, Uint8Array.of(1, 2, 3));
    const reservedCapsule = encodeTlv(0x17, Uint8Array.of(9, 9));
    const drain = encodeTlv(0x78ae, new Uint8Array(0));
    const close = encodeCloseCapsule({ code: 4_294_967_295, reason: 'Zoë left' });
    // Capsules do not keep to the borders of DATA frames.
    const bytes = concatBytes(
      reservedFrame,
      CHROMIUM_CONNECT,
      data(concatBytes(reservedCapsule, drain, close.subarray(0, 5))),
      reservedFrame,
      data(new Uint8Array(0)),
      data(close.subarray(5)),
      reservedFrame,
    );
    const whole = readStream([bytes]);
    expect(whole.fault).toBeUndefined();
    expect(whole.end).toBeUndefined();
    expect(whole.fields).toHaveLength(1);
    expect(whole.closes).toEqual([{ code: 4_294_967_295, reason: 'Zoë left' }]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
        const borders = [0, ...cuts.sort((one, other) => one - other), bytes.length];
        const chunks = borders.slice(1).map((to, index) => bytes.subarray(borders[index], to));
        expect(readStream(chunks)).toEqual(whole);
      }),
    );
  });

  it('takes the final response behind interim ones, and trailers as nothing', () => {
    const interim = encodeResponse(103);
    const { fields, fault } = readStream([interim, encodeResponse(200), encodeResponse(404)]);
    expect(fault).toBeUndefined();
    expect(fields.map((section) => section[0]?.value)).toEqual(['200']);
  });

  it('carries every code and reason in a close capsule, the reason up to its bound', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 1_500 });
    fc.assert(
      fc.property(fc.nat(0xffffffff), text, (code, reason) => {
        const [close] = readStream([CHROMIUM_CONNECT, data(encodeCloseCapsule({ code, reason }))]).closes;
        expect(close?.code).toBe(code);
        expect(reason.startsWith(close?.reason ?? '-')).toBe(true);
        if (new TextEncoder().encode(reason).length <= 1_024) expect(close?.reason).toBe(reason);
      }),
    );
  });

  it('knows whether the end came at a border', () => {
    expect(readStream([CHROMIUM_CONNECT]).end).toBeUndefined();
    expect(readStream([]).end).toEqual(H3Faults.requestIncomplete);
    expect(readStream([CHROMIUM_CONNECT.subarray(0, 90)]).end).toEqual(H3Faults.requestIncomplete);
    expect(readStream([CHROMIUM_CONNECT, CHROMIUM_CLOSE.subarray(0, -1)]).end).toEqual(
      H3Faults.frameTruncated,
    );
  });

  it.each([
    ['data before the header section', '0000', H3Faults.frameUnexpected],
    ['settings', '0400', H3Faults.frameUnexpected],
    ['a push promise', '0500', H3Faults.frameUnexpected],
    ['a frame of HTTP/2', '0200', H3Faults.frameUnexpected],
    ['a header section that does not decode', '0103000080', H3Faults.qpackDynamicTable],
    ['a header section over the bound', '0180004001', H3Faults.headerSectionTooLarge],
    ['a header section of 4 exabytes', '01ffffffffffffffff', H3Faults.headerSectionTooLarge],
  ])('MH-10 answers %s with a fault, before it is held', (_what, bytes, fault) => {
    expect(readStream([hex(bytes)]).fault).toEqual(fault);
  });

  it.each([
    ['a close capsule without a code', concatBytes(hex('684303'), new Uint8Array(3)), H3Faults.capsule],
    ['a close capsule over the bound', hex('6843 4405'), H3Faults.capsule],
    ['a reason that is not UTF-8', hex('6843 05 00000001 ff'), H3Faults.capsule],
    [
      'an unknown capsule over the bound',
      concatBytes(hex('17'), encodeVarint(Bounds.capsuleBytes + 1)),
      H3Faults.capsuleTooLarge,
    ],
  ])('MH-10 answers %s with a fault', (_what, capsule, fault) => {
    expect(readStream([CHROMIUM_CONNECT, data(capsule)]).fault).toEqual(fault);
  });

  it('MH-10 reads nothing more after a fault', () => {
    const { fault, fields } = readStream([hex('0400'), CHROMIUM_CONNECT]);
    expect(fault).toEqual(H3Faults.frameUnexpected);
    expect(fields).toEqual([]);
  });
});
