import { describe, expect, it } from 'vitest';
import { MAX_QUEUED_BYTES, MAX_QUEUED_CHUNKS, StreamCopy } from '../../../media-node/handler/StreamCopy.ts';
import { Counter, Counters } from '../../../media-node/metrics/Counters.ts';
import { noTraffic } from '../../../media-node/metrics/StreamTraffic.ts';
import { createSessionPair, type PairOptions } from '../../../media-node/transport/paired/pairedSessions.ts';
import { ResetCode } from '../../../shared/media-stream/header.ts';
import { ReceivedStream, settle } from './meeting.ts';

function open(options: PairOptions = {}) {
  const { client, server } = createSessionPair(options);
  const streams: ReceivedStream[] = [];
  const ignore = () => undefined;
  const handlers = { onDatagram: ignore, onBidirectionalStream: ignore, onClose: ignore };
  client.setHandlers({
    ...handlers,
    onReceiveStream: (stream) => void streams.push(new ReceivedStream(stream)),
  });
  server.setHandlers({ ...handlers, onReceiveStream: ignore });
  const counters = new Counters();
  const sent = noTraffic();
  let done = 0;
  const copy = new StreamCopy(server, counters, sent, () => done++);
  return { sent, client, server, streams, counters, copy, done: () => done };
}

describe('StreamCopy', () => {
  it('MH-1 writes what it is given, in order, and ends', async () => {
    const { copy, streams, counters, sent, done } = open();
    copy.write(Uint8Array.of(1, 2));
    await settle();
    copy.write(Uint8Array.of(3));
    copy.finish();
    copy.write(Uint8Array.of(4));
    await settle();
    expect(streams.map(({ bytes, end }) => [[...bytes], end])).toEqual([[[1, 2, 3], 'finished']]);
    expect([counters.value(Counter.streamsOut), counters.value(Counter.streamBytesOut), done()]).toEqual([
      1, 3, 1,
    ]);
    expect(copy.queuedBytes).toBe(0);
    expect(sent).toMatchObject({ streams: 1, streamBytes: 3 });
  });

  it('MH-4 resets a copy whose subscriber leaves more than the bound unread, and keeps nothing of it', async () => {
    const { copy, client, streams, counters, done } = open();
    client.hold();
    for (let sent = 0; sent < MAX_QUEUED_BYTES; sent += 100_000) copy.write(new Uint8Array(100_000));
    await settle();
    expect(done()).toBe(0);
    copy.write(new Uint8Array(200_000));
    expect([copy.queuedBytes, done(), counters.dropsByName()]).toEqual([0, 1, { streamQuotaExceeded: 1 }]);
    client.release();
    await settle();
    expect(streams[0]?.end).toEqual({ resetCode: ResetCode.quotaExceeded });
  });

  it('MH-4 bounds the number of chunks that wait, too', async () => {
    const { copy, client, counters } = open({ streamWindowBytes: 1 });
    client.hold();
    for (let sent = 0; sent <= MAX_QUEUED_CHUNKS + 1; sent++) copy.write(Uint8Array.of(1));
    expect(counters.dropsByName()).toEqual({ streamQuotaExceeded: 1 });
    await settle();
  });

  it('MH-4 ends quietly when the subscriber stops reading, and says so once', async () => {
    const { copy, streams, counters, done } = open();
    copy.write(Uint8Array.of(1));
    await settle();
    streams[0]?.stream.stop(ResetCode.none);
    copy.write(new Uint8Array(10));
    await settle();
    copy.write(new Uint8Array(10));
    copy.finish();
    await settle();
    expect([counters.dropsByName(), done()]).toEqual([{ streamDestinationClosed: 1 }, 1]);
  });

  it('MH-4 ends quietly when the session is over before the stream is open', async () => {
    const { copy, server, counters, done } = open();
    server.close(0, 'over');
    copy.write(new Uint8Array(10));
    await settle();
    expect([done(), counters.value(Counter.streamBytesOut)]).toEqual([1, 0]);
  });

  it('MH-4 ends quietly when the subscriber has no room for another stream', async () => {
    const { counters, done } = open({ maxIncomingStreams: 0 });
    await settle();
    expect([done(), counters.dropsByName()]).toEqual([1, { streamDestinationClosed: 1 }]);
  });

  it('resets a stream that was opened after the copy was given up, with the same code', async () => {
    const { copy, streams, done } = open();
    copy.reset(ResetCode.invalidFormat);
    copy.reset(ResetCode.none);
    await settle();
    expect(streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.invalidFormat }]);
    expect(done()).toBe(1);
  });
});
