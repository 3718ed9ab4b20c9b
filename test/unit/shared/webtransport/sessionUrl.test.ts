import { describe, expect, it } from 'vitest';
import { sessionUrl, tcpUrl } from '../../../../shared/webtransport/sessionUrl.ts';

describe('address of a session', () => {
  it('SFU-7 says where the server takes TCP, and nothing where it does not', () => {
    expect(sessionUrl('203.0.113.9', 4433, '/media', undefined)).toBe('https://203.0.113.9:4433/media');
    expect(sessionUrl('203.0.113.9', 4433, '/media', 'node1.example.org')).toBe(
      'https://203.0.113.9:4433/media?tcp=node1.example.org%3A4433',
    );
  });

  it.each([
    ['node1.example.org', 'wss://node1.example.org:4433/signaling'],
    ['203.0.113.9', 'wss://203.0.113.9:4433/signaling'],
    ['[2001:db8::7]', 'wss://[2001:db8::7]:4433/signaling'],
  ])('is read as it was written, with %s', (host, expected) => {
    expect(tcpUrl(sessionUrl('198.51.100.1', 4433, '/signaling', host))).toBe(expected);
  });

  it.each([
    'https://203.0.113.9:4433/media',
    'https://203.0.113.9:4433/media?other=1',
    'https://203.0.113.9:4433/media?tcp=',
    'https://203.0.113.9:4433/media?tcp=evil.example.org%2Felsewhere',
    'https://203.0.113.9:4433/media?tcp=user%40evil.example.org',
    'https://203.0.113.9:4433/media?tcp=evil.example.org%3Fx',
    'not a url',
  ])('reads no TCP address from %s', (url) => {
    expect(tcpUrl(url)).toBeUndefined();
  });
});
