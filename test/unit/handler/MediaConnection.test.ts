import { beforeEach, describe, expect, it } from 'vitest';
import { DropReason } from '../../../media-node/metrics/DropReason.ts';
import { encodeAck, PING_BYTES, writePing } from '../../../shared/frame/control.ts';
import { frame, join, publish, settle, startTestWorker, subscribe, type TestWorker } from './meeting.ts';

describe('a meeting of three', () => {
  let test: TestWorker;
  beforeEach(async () => {
    test = await startTestWorker();
  });

  it('MH-1 MH-2 forwards a datagram byte by byte to every subscriber and not to its sender', async () => {
    const [ada, bob, eve] = [await join(test, 1), await join(test, 2), await join(test, 3)];
    const producer = await publish(test, ada, 10);
    await subscribe(test, bob, producer);
    await subscribe(test, eve, producer);
    const sent = frame(1, 10, { sequence: 7, payloadLength: 900 });
    ada.client.sendDatagram(sent);
    await settle();
    expect(bob.client.datagrams).toEqual([sent]);
    expect(eve.client.datagrams).toEqual([sent]);
    expect(ada.client.datagrams).toEqual([]);
  });

  it('answers a ping with its pong and keeps what a receiver acknowledges', async () => {
    const [ada, bob] = [await join(test, 1), await join(test, 2)];
    await subscribe(test, bob, await publish(test, ada, 10));
    const ping = new Uint8Array(PING_BYTES);
    writePing(ping, 0, 42, 1_700_000_000_000_001);
    bob.client.sendDatagram(ping);
    bob.client.sendDatagram(encodeAck([{ userId: 1, streamId: 10, highestSequence: 99 }]));
    await settle();
    const pong = ping.slice();
    pong[1] = 0x83;
    expect(bob.client.datagrams).toEqual([pong]);
    expect(test.worker.counters.drops(DropReason.controlMalformed)).toBe(0);
  });
});
