import { afterEach, describe, expect, it, vi } from 'vitest';
import { openTransport } from '../../../../client/core/openTransport.ts';
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

  it('MC-2 says that a runtime has none, which is not that the server is away', () => {
    vi.stubGlobal('WebTransport', undefined);
    expect(() => openTransport(webTransport, 'https://controller.test', [])).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
    vi.stubGlobal(
      'WebTransport',
      class {
        constructor() {
          throw new SyntaxError('Malformed URL');
        }
      },
    );
    expect(() => openTransport(webTransport, 'nowhere', [])).toThrow(
      expect.objectContaining({ code: 'unreachable' }),
    );
  });

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
