import { describe, expect, it } from 'vitest';
import { Batcher } from '../../../media-node/controller/Batcher.ts';
import type { Meeting } from '../../../media-node/controller/Meeting.ts';
import { Outbox } from '../../../media-node/controller/Outbox.ts';
import type { Participant } from '../../../media-node/controller/Participant.ts';
import { RequestQueue } from '../../../media-node/controller/RequestQueue.ts';
import {
  nextSessionState,
  type SessionEvent,
  type SessionState,
} from '../../../media-node/controller/SessionState.ts';
import { SignalingError } from '../../../media-node/controller/SignalingError.ts';
import type { SendStream } from '../../../media-node/transport/MediaSession.ts';

function stream(write: SendStream['write'] = async () => undefined): SendStream & { ended: boolean } {
  const made = {
    ended: false,
    write,
    close: async () => {
      made.ended = true;
    },
    reset: () => undefined,
  };
  return made;
}

function outbox(over: SendStream, failures: string[] = []): Outbox {
  return new Outbox({
    stream: over,
    maxMessages: 3,
    maxBytes: 100,
    onOverflow: () => failures.push('overflow'),
    onFailure: () => failures.push('failure'),
  });
}

describe('Outbox', () => {
  it('MC-1 writes messages in order and ends the stream after the last', async () => {
    const written: number[] = [];
    const over = stream(async (bytes) => void written.push(bytes[0] ?? 0));
    const box = outbox(over);
    for (const byte of [1, 2, 3]) box.push(Uint8Array.of(byte));
    await box.finish();
    box.push(Uint8Array.of(4));
    expect({ written, ended: over.ended, waiting: box.waiting }).toEqual({
      written: [1, 2, 3],
      ended: true,
      waiting: 0,
    });
  });

  it.each([
    ['messages', [1, 1, 1, 1]],
    ['bytes', [60, 60]],
  ])('MH-10 gives up once when too many %s wait, and keeps none of them', async (_what, sizes) => {
    const failures: string[] = [];
    const box = outbox(
      stream(() => new Promise(() => undefined)),
      failures,
    );
    for (const size of [...sizes, 1, 1]) box.push(new Uint8Array(size));
    expect(failures).toEqual([]);
    await Promise.resolve();
    expect(failures).toEqual(['overflow']);
    expect(box.waiting).toBe(0);
  });

  it('MH-10 says once that the stream failed, and finishing then has nothing to wait for', async () => {
    const failures: string[] = [];
    const box = outbox(
      stream(async () => {
        throw new Error('reset');
      }),
      failures,
    );
    box.push(Uint8Array.of(1));
    box.push(Uint8Array.of(2));
    await box.finish();
    expect(failures).toEqual(['failure']);
  });
});

describe('Batcher', () => {
  it('SFU-3 gathers one turn into calls of at most maxBatch, which fail on their own', async () => {
    const calls: number[][] = [];
    const batcher = new Batcher<number, string>(3, async (items) => {
      calls.push([...items]);
      if (items.includes(4)) throw new Error('bad four');
      return items.map(String);
    });
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    expect(calls).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
  });

  it('SFU-3 rejects an item that the answer leaves out', async () => {
    const batcher = new Batcher<number, string>(3, async () => ['only one']);
    const answers = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('RequestQueue', () => {
  it('MC-3 carries out requests in order, one batch after the other, and refuses one over the bound', async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const queue = new RequestQueue<number>({
      maxPending: 3,
      batchSize: (pending) => (pending[0] === 2 ? 2 : 1),
      run: async (batch) => {
        log.push(`start ${batch}`);
        if (batch[0] === 1) await gate.promise;
        log.push(`end ${batch}`);
      },
    });
    queue.push(1);
    await expect.poll(() => log).toEqual(['start 1']);
    expect([2, 3, 4, 5].map((request) => queue.push(request))).toEqual([true, true, true, false]);
    gate.resolve();
    await expect.poll(() => log).toEqual(['start 1', 'end 1', 'start 2,3', 'end 2,3', 'start 4', 'end 4']);
  });

  it('MC-3 drops what waits when it is stopped', async () => {
    const seen: number[] = [];
    const queue = new RequestQueue<number>({
      maxPending: 3,
      batchSize: () => 1,
      run: async ([request]) => void seen.push(request ?? 0),
    });
    queue.push(1);
    queue.stop();
    expect(queue.push(2)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect({ seen, pending: queue.pending }).toEqual({ seen: [], pending: 0 });
  });
});

describe('nextSessionState', () => {
  const join = new AbortController();
  const [meeting, participant] = [{} as Meeting, {} as Participant];
  const end = { code: 0, reason: '', leaveReason: 0 } as const;
  const states: Record<SessionState['name'], SessionState> = {
    disconnected: { name: 'disconnected' },
    connecting: { name: 'connecting', sinceMs: 1 },
    authenticating: { name: 'authenticating', sinceMs: 1, join },
    connected: { name: 'connected', sinceMs: 1, meeting, participant },
    disconnecting: { name: 'disconnecting', sinceMs: 1, end },
  };
  const events: Record<SessionEvent['type'], SessionEvent> = {
    opened: { type: 'opened' },
    joinRequested: { type: 'joinRequested', join },
    admitted: { type: 'admitted', meeting, participant },
    ending: { type: 'ending', end },
    closed: { type: 'closed' },
  };

  it.each<[SessionState['name'], Partial<Record<SessionEvent['type'], SessionState['name']>>]>([
    ['disconnected', { opened: 'connecting' }],
    ['connecting', { joinRequested: 'authenticating', ending: 'disconnecting', closed: 'disconnected' }],
    ['authenticating', { admitted: 'connected', ending: 'disconnecting', closed: 'disconnected' }],
    ['connected', { ending: 'disconnecting', closed: 'disconnected' }],
    ['disconnecting', { closed: 'disconnected' }],
  ])('MC-1 goes from %s only where the protocol says', (from, expected) => {
    for (const event of Object.values(events))
      expect(nextSessionState(states[from], event, 2)?.name, event.type).toBe(expected[event.type]);
  });
});

describe('SignalingError', () => {
  it('MC-5 keeps what is a bug inside', () => {
    const error = SignalingError.of(new Error('secret path /root'));
    expect(error.message).toBe('Internal error');
    expect(error.closeCode).toBe(4500);
  });
});
