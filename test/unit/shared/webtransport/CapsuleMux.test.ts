import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CapsuleMux, type MuxBidirectionalStream } from '../../../../shared/webtransport/CapsuleMux.ts';
import {
  CapsuleType,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from '../../../../shared/webtransport/capsuleTypes.ts';
import { encodeCloseValue } from '../../../../shared/webtransport/closeValue.ts';
import type { MuxReceiver } from '../../../../shared/webtransport/MuxReceiver.ts';
import { StreamClosedError } from '../../../../shared/webtransport/StreamClosedError.ts';
import { encodeVarint } from '../../../../shared/webtransport/varint.ts';

interface Capsule {
  readonly type: number;
  readonly value: Uint8Array;
}

interface End {
  readonly mux: CapsuleMux;
  /** What it sent and nobody took. */
  readonly sent: Capsule[];
  readonly streams: MuxReceiver[];
  readonly bidirectional: MuxBidirectionalStream[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  writable: boolean;
}

const STREAMS = 4;

function createEnd(role: 'client' | 'server', streams = STREAMS): End {
  const sent: Capsule[] = [];
  const end: Omit<End, 'mux'> = { sent, streams: [], bidirectional: [], closes: [], writable: true };
  const mux = new CapsuleMux({
    role,
    channel: {
      get writable() {
        return end.writable;
      },
      send: (type, head, body = new Uint8Array(0)) =>
        sent.push({ type, value: Uint8Array.from([...head, ...body]) }),
    },
    maxIncomingUnidirectional: streams,
    maxIncomingBidirectional: streams,
    onReceiveStream: (stream) => end.streams.push(stream),
    onBidirectionalStream: (stream) => end.bidirectional.push(stream),
    onClose: (close) => end.closes.push(close),
  });
  mux.start();
  return Object.assign(end, { mux });
}

/** Hands what one sent to the other, both ways, until nobody has anything to say. */
function exchange(one: End, other: End): void {
  while (one.sent.length + other.sent.length > 0) {
    for (const { type, value } of one.sent.splice(0)) expect(other.mux.push(type, value)).toBeUndefined();
    for (const { type, value } of other.sent.splice(0)) expect(one.mux.push(type, value)).toBeUndefined();
  }
}

function connected(): { readonly client: End; readonly server: End } {
  const client = createEnd('client');
  const server = createEnd('server');
  exchange(client, server);
  return { client, server };
}

function value(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => [...(typeof part === 'number' ? encodeVarint(part) : part)]),
  );
}

describe('streams as capsules', () => {
  it('sends no more than the reader has room for, and the rest as it is read', async () => {
    const { client, server } = connected();
    const sender = await client.mux.openUnidirectional();
    let done = false;
    const writing = sender.write(new Uint8Array(STREAM_WINDOW_BYTES + 10)).then(() => {
      done = true;
    });
    exchange(client, server);
    const [stream] = server.streams;
    expect(stream?.waitingBytes).toBe(STREAM_WINDOW_BYTES);
    await Promise.resolve();
    expect(done).toBe(false);
    while ((stream?.waitingBytes ?? 0) > 0) await stream?.read();
    exchange(client, server);
    await writing;
    expect(stream?.waitingBytes).toBe(10);
  });

  it('MH-4 bounds what waits on all streams of a session together', () => {
    const { mux } = createEnd('server', 64);
    const chunk = new Uint8Array(STREAM_WINDOW_BYTES);
    let taken = 0;
    let fault: string | undefined;
    // A peer that keeps to the window of each stream, and not to that of the session.
    for (let id = 3; fault === undefined; id += 4) {
      fault = mux.push(CapsuleType.stream, value(id, chunk));
      if (fault === undefined) taken += chunk.length;
    }
    expect(fault).toMatch(/session/);
    expect(taken).toBe(SESSION_WINDOW_BYTES);
  });

  it('gives every sender its turn while the channel has room, and goes on when it has room again', async () => {
    const { client, server } = connected();
    client.writable = false;
    const senders = [await client.mux.openUnidirectional(), await client.mux.openUnidirectional()];
    const writes = senders.map((sender) => sender.write(new Uint8Array(40_000)));
    exchange(client, server);
    expect(server.streams.map((stream) => stream.waitingBytes)).toEqual([0, 0]);
    client.writable = true;
    client.mux.resume();
    const order = client.sent.map(({ value: [id] }) => id);
    expect(order.slice(0, 4)).toEqual([3, 7, 3, 7]);
    exchange(client, server);
    await Promise.all(writes);
    expect(server.streams.map((stream) => stream.waitingBytes)).toEqual([40_000, 40_000]);
  });

  it('MH-10 keeps nothing of streams that are over, however many there were', async () => {
    const { client, server } = connected();
    for (let index = 0; index < 1_000; index++) {
      const sender = await client.mux.openUnidirectional();
      await sender.write(Uint8Array.of(index));
      const closing = sender.close();
      exchange(client, server);
      await closing;
      const stream = server.streams.pop();
      await stream?.read();
      expect(await stream?.read()).toBeUndefined();
      exchange(client, server);
    }
  });

  it.each<readonly [string, number, Uint8Array]>([
    ['a stream capsule without a stream', CapsuleType.stream, new Uint8Array(0)],
    ['a stream out of order', CapsuleType.stream, value(7)],
    ['more streams than were granted', CapsuleType.stream, value(3 + 4 * STREAMS)],
    ['data on a stream that was never opened', CapsuleType.stream, value(2)],
    ['a reset that is cut short', CapsuleType.resetStream, value(3)],
    ['a window that is cut short', CapsuleType.maxStreamData, Uint8Array.of(0x40)],
    ['a close without a code', CapsuleType.closeSession, Uint8Array.of(0, 0)],
    ['a close whose reason is not UTF-8', CapsuleType.closeSession, Uint8Array.of(0, 0, 0, 0, 0xff)],
  ])('MH-10 refuses %s', (_what, type, bytes) => {
    expect(createEnd('server').mux.push(type, bytes)).toEqual(expect.any(String));
  });

  it('MH-10 refuses more data on a stream than it was granted, and data behind its end', () => {
    const { mux } = createEnd('server');
    expect(mux.push(CapsuleType.stream, value(3, new Uint8Array(STREAM_WINDOW_BYTES)))).toBeUndefined();
    expect(mux.push(CapsuleType.stream, value(3, Uint8Array.of(1)))).toMatch(/granted/);
    const another = createEnd('server').mux;
    expect(another.push(CapsuleType.streamEnd, value(3))).toBeUndefined();
    expect(another.push(CapsuleType.stream, value(1))).toBeUndefined();
    expect(another.push(CapsuleType.streamEnd, value(1))).toBeUndefined();
    expect(another.push(CapsuleType.stream, value(1, Uint8Array.of(1)))).toMatch(/ended/);
  });

  it('tells of a close, and ends every stream and every wait with the session', async () => {
    const { client, server } = connected();
    const opened = await client.mux.openBidirectional();
    exchange(client, server);
    const reading = opened.receive.read();
    client.mux.push(CapsuleType.closeSession, encodeCloseValue({ code: 4404, reason: 'Meeting has ended' }));
    expect(client.closes).toEqual([{ code: 4404, reason: 'Meeting has ended' }]);
    client.mux.end(new StreamClosedError('Session is closed'));
    await expect(reading).rejects.toThrow(StreamClosedError);
    await expect(opened.send.write(Uint8Array.of(1))).rejects.toThrow(StreamClosedError);
    await expect(client.mux.openUnidirectional()).rejects.toThrow(StreamClosedError);
    const early = createEnd('client');
    early.sent.length = 0;
    const waiting = early.mux.openUnidirectional();
    early.mux.end(new StreamClosedError('Session is closed'));
    await expect(waiting).rejects.toThrow(StreamClosedError);
  });

  it('MH-10 takes any capsules without a throw, and answers in proportion', () => {
    const types = fc.constantFrom<number>(...Object.values(CapsuleType), 0x40);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(types, fc.uint8Array({ maxLength: 20 })), { maxLength: 30 }),
        (capsules) => {
          const { mux, sent } = createEnd('server');
          for (const [type, bytes] of capsules) if (mux.push(type, bytes) !== undefined) break;
          expect(sent.length).toBeLessThanOrEqual(3 + 2 * capsules.length);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
