// Whatever bytes come on a signaling stream, in whatever chunks, before or after a join: nothing throws, the session ends
// with a code or goes on, and nobody else in the meeting notices more than a participant leaving.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BidirectionalStream } from '../../../media-node/transport/MediaSession.ts';
import { type ClientMessageInit, frameClientMessage } from '../../../shared/signaling/messages.ts';
import { TestMeeting } from '../../unit/controller/support/TestMeeting.ts';
import { signalingStorm } from './signalingStorm.ts';

const CLOSE_CODES = [0, 4400, 4401, 4404, 4429];

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const payload: fc.Arbitrary<ClientMessageInit> = fc.oneof(
  fc.record({ join: fc.record({ joinToken: fc.string({ maxLength: 600 }), clientName: fc.string() }) }),
  fc.record({ leave: fc.constant({}) }),
  fc.record({
    publishStream: fc.record({
      info: fc.record({
        kind: uint32,
        source: uint32,
        codec: fc.string(),
        spatialLayer: uint32,
        width: uint32,
      }),
    }),
  }) as fc.Arbitrary<ClientMessageInit>,
  fc.record({ unpublishStream: fc.record({ streamId: uint32 }) }),
  fc.record({ subscribeStream: fc.record({ userId: uint32, streamId: uint32 }) }),
  fc.record({ unsubscribeStream: fc.record({ userId: uint32, streamId: uint32 }) }),
  fc.record({ mute: fc.record({ audioMuted: fc.boolean(), videoMuted: fc.boolean() }) }),
  fc.record({
    hostMute: fc.record({ userId: uint32, audioMuted: fc.boolean(), videoMuted: fc.boolean() }),
  }),
  fc.record({ heartbeat: fc.record({ sentAtMs: fc.maxSafeNat() }) }),
);
const messages = fc
  .array(fc.tuple(payload, uint32), { minLength: 1, maxLength: 6 })
  .map((list) => concat(list.map(([message, sequence]) => frameClientMessage({ ...message, sequence }))));

/** Random bytes; messages as they are; messages cut short, with bytes changed, with bytes put in. */
const input = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 400 }),
  messages,
  fc.tuple(messages, fc.nat()).map(([bytes, at]) => bytes.subarray(0, 1 + (at % bytes.length))),
  fc
    .tuple(messages, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
    .map(([bytes, changes]) => {
      const mutated = bytes.slice();
      for (const [at, value] of changes) mutated[at % mutated.length] = value;
      return mutated;
    }),
  fc
    .tuple(messages, fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat())
    .map(([bytes, extra, at]) =>
      concat([bytes.subarray(0, at % bytes.length), extra, bytes.subarray(at % bytes.length)]),
    ),
);
const chunkSizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 });

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function writeInChunks(
  stream: BidirectionalStream,
  bytes: Uint8Array,
  sizes: readonly number[],
): Promise<void> {
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      await stream.send.write(bytes.subarray(at, at + size));
      at += size;
    }
    await stream.send.close();
  } catch {
    // The controller closed the session: there is nothing more to send.
  }
}

describe('signaling under fuzz', () => {
  it('MC-1 MH-10 takes thousands of hostile messages of strangers, participants and hosts, and none is left behind', async () => {
    const { sessions, faults } = await signalingStorm(5, 3_000);
    expect(faults).toEqual([]);
    expect(sessions).toBeGreaterThan(300);
  }, 60_000);

  it('MC-1 MH-10 ends a session that has not joined with a code, whatever it sends', async () => {
    const test = await TestMeeting.start();
    const witness = await test.joined();
    await fc.assert(
      fc.asyncProperty(input, chunkSizes, async (bytes, sizes) => {
        const client = test.connect();
        await writeInChunks(await client.open(), bytes, sizes);
        expect(CLOSE_CODES).toContain((await client.untilClosed()).code);
      }),
      { numRuns: 3_000 },
    );
    expect(witness.received).toHaveLength(1);
    expect(test.controller.sessions).toBe(1);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 1, producers: 0, consumers: 0 });
    expect(test.logged.filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);

  it('MC-1 MH-10 ends the session of a participant with a code and cleans up, whatever it sends', async () => {
    const test = await TestMeeting.start();
    const witness = await test.joined();
    await fc.assert(
      fc.asyncProperty(input, chunkSizes, async (bytes, sizes) => {
        const client = test.connect();
        const join = frameClientMessage({ sequence: 1, join: { joinToken: await test.token() } });
        const stream = await client.open();
        await stream.send.write(join);
        await client.until(() => client.welcome !== undefined);
        await writeInChunks(stream, bytes, sizes);
        expect(CLOSE_CODES).toContain((await client.untilClosed()).code);
        await witness.until(() => !witness.roster.has(client.userId));
      }),
      { numRuns: 1_500 },
    );
    await test.controller.settled();
    expect((await witness.request({ heartbeat: {} })).payload).toBe('heartbeat');
    expect(test.controller.sessions).toBe(1);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 1, producers: 0, consumers: 0 });
    expect(test.logged.filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);
});
