import { afterEach, describe, expect, it, vi } from 'vitest';
import { webTransport } from '../../../../client/core/transport.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A browser whose sessions have datagrams with these properties. */
function browserWith(datagrams: object): void {
  vi.stubGlobal(
    'WebTransport',
    class {
      readonly datagrams = datagrams;
    },
  );
}

describe('webTransport', () => {
  it.each([
    ['of today', 'incomingMaxBufferedDatagrams', 'outgoingMaxBufferedDatagrams'],
    ['of former drafts', 'incomingHighWaterMark', 'outgoingHighWaterMark'],
  ])(
    'MH-5 widens both of the runtime buffers, by their names %s: one datagram at a time makes a queue',
    (_, incoming, outgoing) => {
      const datagrams: Record<string, number> = { [incoming]: 1, [outgoing]: 1 };
      browserWith(datagrams);
      webTransport('https://handler.test', []);
      expect(datagrams).toEqual({ [incoming]: 256, [outgoing]: 32 });
    },
  );

  it('keeps what an engine has that refuses other values', () => {
    const refused: string[] = [];
    browserWith({
      set incomingHighWaterMark(_: number) {
        refused.push('incoming');
        throw new ReferenceError('NumberIsNaN is not defined');
      },
      set outgoingHighWaterMark(_: number) {
        refused.push('outgoing');
        throw new RangeError('Too much');
      },
    });
    expect(() => webTransport('https://handler.test', [])).not.toThrow();
    expect(refused).toEqual(['incoming', 'outgoing']);
  });
});
