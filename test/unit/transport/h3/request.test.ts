import { describe, expect, it } from 'vitest';
import type { Field } from '../../../../media-node/transport/h3/qpack.ts';
import { decodeFieldSection } from '../../../../media-node/transport/h3/qpack.ts';
import {
  encodeConnectRequest,
  encodeResponse,
  readConnectRequest,
  readStatus,
} from '../../../../media-node/transport/h3/request.ts';
import { hex } from './golden.ts';

const REQUEST: readonly Field[] = [
  { name: ':method', value: 'CONNECT' },
  { name: ':protocol', value: 'webtransport' },
  { name: ':scheme', value: 'https' },
  { name: ':authority', value: '127.0.0.1:4433' },
  { name: ':path', value: '/media' },
  { name: 'origin', value: 'https://meet.example' },
];

function having(name: string, value: string): Field[] {
  return REQUEST.map((field) => (field.name === name ? { name, value } : field));
}

function without(name: string): Field[] {
  return REQUEST.filter((field) => field.name !== name);
}

describe('readConnectRequest', () => {
  it('takes an extended CONNECT for WebTransport', () => {
    expect(readConnectRequest(REQUEST)).toEqual({
      ok: true,
      value: { authority: '127.0.0.1:4433', path: '/media', origin: 'https://meet.example' },
    });
    expect(readConnectRequest(without('origin'))).toMatchObject({ ok: true, value: { origin: undefined } });
  });

  it('takes what the client side writes', () => {
    const request = { authority: '[::1]:4433', path: '/media?a=b', origin: 'https://meet.example' };
    const section = decodeFieldSection(encodeConnectRequest(request).subarray(3));
    const frame = encodeConnectRequest(request);
    expect(frame[0]).toBe(1);
    expect(section.ok && readConnectRequest(section.value)).toEqual({ ok: true, value: request });
  });

  it.each<[string, readonly Field[], number]>([
    ['another method', having(':method', 'GET'), 405],
    ['no method', without(':method'), 405],
    ['another protocol', having(':protocol', 'websocket'), 501],
    ['a plain CONNECT', without(':protocol'), 501],
    ['another scheme', having(':scheme', 'http'), 400],
    ['no authority', without(':authority'), 400],
    ['an authority with a space', having(':authority', 'a b'), 400],
    ['no path', without(':path'), 400],
    ['a path that is not absolute', having(':path', 'media'), 400],
    ['a path with a control character', having(':path', '/a\u0000'), 400],
    ['a path that is not ASCII', having(':path', '/\u00fc'), 400],
    ['a line break in a value', [...REQUEST, { name: 'x', value: 'a\r\nb' }], 400],
    ['an upper-case name', [...REQUEST, { name: 'Origin', value: 'x' }], 400],
    ['a name that is empty', [...REQUEST, { name: '', value: 'x' }], 400],
    ['a pseudo-header field twice', [{ name: ':path', value: '/a' }, ...REQUEST], 400],
    ['an unknown pseudo-header field', [{ name: ':status', value: '200' }, ...REQUEST], 400],
    ['a pseudo-header field behind others', [...without(':path'), { name: ':path', value: '/a' }], 400],
    ['a field of the connection', [...REQUEST, { name: 'transfer-encoding', value: 'chunked' }], 400],
    ['two origins', [...REQUEST, { name: 'origin', value: 'https://other.example' }], 400],
    ['nothing', [], 405],
  ])('MH-10 refuses %s with a status', (_what, fields, status) => {
    expect(readConnectRequest(fields)).toMatchObject({ ok: false, reason: { status } });
  });
});

describe('response', () => {
  it('is the bytes that Chromium accepts', () => {
    expect(encodeResponse(404)).toEqual(hex('01 03 0000 db'));
    expect(encodeResponse(429)).toEqual(hex('01 08 0000 5f09 03 343239'));
  });

  it.each([100, 200, 403, 429, 503])('carries status %d', (status) => {
    const section = decodeFieldSection(encodeResponse(status).subarray(2));
    expect(section.ok && readStatus(section.value)).toBe(status);
  });

  it.each<[string, readonly Field[]]>([
    ['is missing', []],
    [
      'is there twice',
      [
        { name: ':status', value: '200' },
        { name: ':status', value: '404' },
      ],
    ],
    ['is no number', [{ name: ':status', value: 'fine' }]],
    ['is out of range', [{ name: ':status', value: '999' }]],
  ])('MH-10 has no status when it %s', (_what, fields) => {
    expect(readStatus(fields)).toBeUndefined();
  });
});
