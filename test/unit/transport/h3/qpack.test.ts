import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bounds } from '../../../../media-node/transport/h3/constants.ts';
import { H3Faults } from '../../../../media-node/transport/h3/fault.ts';
import { decodeHuffman } from '../../../../media-node/transport/h3/huffman.ts';
import { decodeFieldSection, encodeFieldSection } from '../../../../media-node/transport/h3/qpack.ts';
import { STATIC_TABLE } from '../../../../media-node/transport/h3/qpackStaticTable.ts';
import { hex } from './golden.ts';

function decodeText(bytes: Uint8Array, maxBytes = 1_000): string | undefined {
  const decoded = decodeHuffman(bytes, 0, bytes.length, maxBytes);
  return decoded === undefined ? undefined : String.fromCharCode(...decoded);
}

describe('decodeHuffman', () => {
  it.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['25a849e95bb8e8b4bf', 'custom-value'],
    ['6402', '302'],
    ['aec3771a4b', 'private'],
    ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
    [
      '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  ])('reads %s of RFC 7541 C.4 and C.6', (bytes, text) => {
    expect(decodeText(hex(bytes))).toBe(text);
  });

  it('MH-10 refuses padding that is too long, padding of zeros, and the end-of-string symbol', () => {
    expect(decodeText(hex('1f'))).toBe('a');
    expect(decodeText(hex('1fff'))).toBeUndefined();
    expect(decodeText(hex('18'))).toBeUndefined();
    expect(decodeText(hex('ffffffff'))).toBeUndefined();
  });

  it('MH-10 refuses a text that decodes to more than the bound', () => {
    expect(decodeText(hex('a8eb10649cbf'), 8)).toBe('no-cache');
    expect(decodeText(hex('a8eb10649cbf'), 7)).toBeUndefined();
  });
});

describe('QPACK', () => {
  it('reads the literal with a name reference of RFC 9204 B.1', () => {
    expect(decodeFieldSection(hex('0000 510b 2f69 6e64 6578 2e68 746d 6c'))).toEqual({
      ok: true,
      value: [{ name: ':path', value: '/index.html' }],
    });
  });

  it('has the 99 entries of RFC 9204 appendix A, with those that a session needs where they belong', () => {
    expect(STATIC_TABLE).toHaveLength(99);
    expect(STATIC_TABLE[15]).toEqual([':method', 'CONNECT']);
    expect(STATIC_TABLE[23]).toEqual([':scheme', 'https']);
    expect(STATIC_TABLE[25]).toEqual([':status', '200']);
    expect(STATIC_TABLE[63]).toEqual([':status', '100']);
    expect(STATIC_TABLE[90]).toEqual(['origin', '']);
    expect(STATIC_TABLE[98]).toEqual(['x-frame-options', 'sameorigin']);
  });

  it('reads back every section that it writes', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    const known = fc.constantFrom(...STATIC_TABLE).map(([name, value]) => ({ name, value }));
    const field = fc.oneof(known, fc.record({ name: text, value: text }));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        expect(decodeFieldSection(encodeFieldSection(fields))).toEqual({ ok: true, value: fields });
      }),
    );
  });

  it('refuses to write what is not visible ASCII', () => {
    expect(() => encodeFieldSection([{ name: 'origin', value: 'a\r\nb' }])).toThrow(RangeError);
    expect(() => encodeFieldSection([{ name: 'origin', value: 'ü' }])).toThrow(RangeError);
  });

  it.each([
    ['a required insert count', '0100', H3Faults.qpackDynamicTable],
    ['an indexed field of the dynamic table', '000080', H3Faults.qpackDynamicTable],
    ['an index after the base', '000010', H3Faults.qpackDynamicTable],
    ['a name of the dynamic table', '0000400161', H3Faults.qpackDynamicTable],
    ['an index past the static table', '0000ff24', H3Faults.qpack],
    ['no prefix', '', H3Faults.qpack],
    ['half a prefix', '00', H3Faults.qpack],
    ['a string that is cut', '0000510b2f69', H3Faults.qpack],
    ['a malformed Huffman text', '000051811800', H3Faults.qpack],
    ['an integer without an end', '0000ffffffffffffffffffffffff', H3Faults.qpack],
    ['a string over the bound', '0000517f82ff7f', H3Faults.headerSectionTooLarge],
  ])('MH-10 answers %s with a fault', (_what, section, reason) => {
    expect(decodeFieldSection(hex(section))).toEqual({ ok: false, reason });
  });

  it('MH-10 bounds the number of fields and the size of all of them', () => {
    const many = Array.from({ length: Bounds.fields + 1 }, () => ({ name: ':path', value: '/' }));
    expect(decodeFieldSection(encodeFieldSection(many))).toEqual({
      ok: false,
      reason: H3Faults.headerSectionTooLarge,
    });
    expect(decodeFieldSection(encodeFieldSection(many.slice(1))).ok).toBe(true);
    const large = Array.from({ length: 3 }, () => ({ name: 'cookie', value: 'c'.repeat(8_000) }));
    expect(decodeFieldSection(encodeFieldSection(large)).ok).toBe(false);
  });
});
