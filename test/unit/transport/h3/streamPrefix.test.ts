import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHttp3Code, toHttp3Code } from '../../../../media-node/transport/h3/applicationCode.ts';
import {
  BIDIRECTIONAL_PREFIX,
  CONTROL_PREFIX,
  StreamPrefixReader,
  UNIDIRECTIONAL_PREFIX,
} from '../../../../media-node/transport/h3/streamPrefix.ts';
import { hex } from './golden.ts';

describe('stream prefix', () => {
  it('is what Chromium sends and takes', () => {
    expect(UNIDIRECTIONAL_PREFIX).toEqual(hex('405400'));
    expect(BIDIRECTIONAL_PREFIX).toEqual(hex('404100'));
    expect(CONTROL_PREFIX).toEqual(hex('00'));
  });

  it('leaves what comes behind it', () => {
    expect(new StreamPrefixReader('unidirectional').push(hex('405400 010203'))).toEqual({
      type: 0x54,
      sessionId: 0,
      bytesTaken: 3,
    });
    expect(new StreamPrefixReader('unidirectional').push(hex('0004'))).toEqual({
      type: 0,
      sessionId: undefined,
      bytesTaken: 1,
    });
    expect(new StreamPrefixReader('bidirectional').push(hex('4041 4104'))).toMatchObject({ sessionId: 260 });
  });

  it('MH-10 is whole only when all of it came', () => {
    const reader = new StreamPrefixReader('bidirectional');
    expect(reader.push(hex('40'))).toBeUndefined();
    expect(reader.push(new Uint8Array(0))).toBeUndefined();
    expect(reader.push(hex('41'))).toBeUndefined();
    expect(reader.push(hex('00ff'))).toEqual({ type: 0x41, sessionId: 0, bytesTaken: 1 });
  });
});

describe('application code of a stream', () => {
  it('begins and ends where draft-ietf-webtrans-http3 says', () => {
    expect(toHttp3Code(0)).toBe(0x52e4a40fa8db);
    expect(toHttp3Code(0xffffffff)).toBe(0x52e5ac983162);
    expect(toHttp3Code(0x1d)).toBe(0x52e4a40fa8f8);
    expect(toHttp3Code(0x1e)).toBe(0x52e4a40fa8fa);
  });

  it('comes back from every HTTP/3 code, and none of those is reserved', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (code) => {
        const http3Code = toHttp3Code(code);
        expect((http3Code - 0x21) % 0x1f).not.toBe(0);
        expect(fromHttp3Code(http3Code)).toBe(code);
      }),
    );
  });

  it.each([0, 0x100, 0x52e4a40fa8da, 0x52e5ac983163, 0x52e4a40fa8f9])('MH-10 is not in %d', (http3Code) => {
    expect(fromHttp3Code(http3Code)).toBeUndefined();
  });
});
