import { describe, expect, it } from 'vitest';
import { ControlStream } from '../../../media-node/handler/ControlStream.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import type { BidirectionalStream } from '../../../media-node/transport/MediaSession.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { frameMediaClientMessage } from '../../../shared/media-session/messages.ts';
import { FakeClock, settle } from './meeting.ts';

const MAX_QUEUED_MESSAGES = 64;
const REQUEST = { keyFrameRequest: { userId: 1, streamId: 10 } };

async function open(streamWindowBytes?: number) {
  const { client, server } = createSessionPair(streamWindowBytes === undefined ? {} : { streamWindowBytes });
  const arrived = Promise.withResolvers<BidirectionalStream>();
  const ignore = () => undefined;
  server.setHandlers({
    onDatagram: ignore,
    onReceiveStream: ignore,
    onClose: ignore,
    onBidirectionalStream: arrived.resolve,
  });
  client.setHandlers({
    onDatagram: ignore,
    onReceiveStream: ignore,
    onClose: ignore,
    onBidirectionalStream: ignore,
  });
  const peer = await client.openBidirectionalStream();
  const counters = new Counters();
  const clock = new FakeClock();
  const control = new ControlStream(await arrived.promise, { counters }, clock);
  return { control, peer, counters, client, clock };
}

describe('ControlStream', () => {
  it('MH-10 bounds what waits for a client that does not read, and takes messages again once it reads', async () => {
    const { control, peer, counters } = await open(1);
    const taken = Array.from({ length: MAX_QUEUED_MESSAGES + 3 }, () => control.send(REQUEST));
    expect(taken.filter(Boolean)).toHaveLength(MAX_QUEUED_MESSAGES);
    expect(counters.dropsByName()).toEqual({ messageQueueFull: 3 });
    for (let bytes = 0; bytes < 10; ) bytes += (await peer.receive.read())?.length ?? 10;
    await settle();
    expect(control.send(REQUEST)).toBe(true);
  });

  it('MH-10 takes a burst of 512 messages and then 100 a second', async () => {
    const { control, peer, counters, clock } = await open();
    let taken = 0;
    const ended = control.read(async () => {
      if (++taken === 512) clock.nowMs += 250;
      return true;
    });
    for (let message = 0; message < 512 + 25 + 1; message++)
      await peer.send.write(frameMediaClientMessage(REQUEST));
    expect(await ended).toBe('rateExceeded');
    expect(taken).toBe(512 + 25);
    expect(counters.dropsByName()).toEqual({ messageRateExceeded: 1 });
  });

  it('takes messages to a client that is gone without a throw', async () => {
    const { control, client } = await open();
    client.close(0, 'gone');
    await settle();
    for (let message = 0; message < 3; message++) expect(control.send(REQUEST)).toBe(true);
    await settle();
  });

  it('MC-1 hands messages over one after the other, however they were cut, until told to stop', async () => {
    const { control, peer } = await open();
    const ids: unknown[] = [];
    const reading = control.read(async (message) => {
      ids.push(message.keyFrameRequest?.streamId);
      await Promise.resolve();
      return ids.length < 3;
    });
    const bytes = Buffer.concat(
      [1, 2, 3, 4].map((streamId) => frameMediaClientMessage({ keyFrameRequest: { userId: 1, streamId } })),
    );
    for (let at = 0; at < bytes.length; at += 5) await peer.send.write(bytes.subarray(at, at + 5));
    expect(await reading).toBe('stopped');
    expect(ids).toEqual([1, 2, 3]);
  });
});
