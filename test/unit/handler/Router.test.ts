import { beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import type { Producer } from '../../../media-node/handler/Producer.ts';
import { Router } from '../../../media-node/handler/Router.ts';
import type { Transport } from '../../../media-node/handler/Transport.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import { Measures } from '../../../media-node/metrics/Measures.ts';
import { forward } from '../../../media-node/routing/forward.ts';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { FakeClock, frame } from './meeting.ts';

const PUBLISHER = 1;
const VIEWERS = [2, 3, 4] as const;

/** A publisher of two layers of a camera and of sound, and connected viewers. */
describe('Router', () => {
  const counters = new Counters();
  let router: Router;
  let publisher: Transport;
  let viewers: Transport[];
  let layers: Producer[];
  let sound: Producer;
  /** A table of routes reads the destinations of every producer once. */
  let soundRead: MockInstance;

  beforeEach(() => {
    let nextId = 1;
    router = new Router({
      id: 'router-1',
      meetingId: 'meeting-1',
      generation: 1,
      room: { transportsLeft: () => 10, subscriptionsLeft: () => 10 },
      newId: () => `id-${nextId++}`,
      clock: new FakeClock(),
      measures: new Measures(counters),
    });
    const transports = router.createTransports(
      [PUBLISHER, ...VIEWERS].map((userId) => ({ participant_id: `p-${userId}`, user_id: userId })),
    );
    for (const transport of transports)
      router.connectTransport(transport, {
        session: createSessionPair().server,
        counters,
        deliversOnDemand: false,
        send: () => true,
        close: () => undefined,
      });
    [publisher, ...viewers] = transports as [Transport, ...Transport[]];
    const transport_id = publisher.id;
    const source = 'camera' as const;
    layers = router.createProducers([
      { transport_id, stream_id: 10, kind: 'video', spatial_layer: 0, source },
      { transport_id, stream_id: 11, kind: 'video', spatial_layer: 1, source },
    ]);
    [sound] = router.createProducers([{ transport_id, stream_id: 12, kind: 'audio' }]) as [Producer];
    soundRead = vi.spyOn(sound, 'destinations', 'get');
  });

  function watch(): void {
    router.createConsumers(
      viewers.flatMap((viewer) =>
        layers.map((producer) => ({ transport_id: viewer.id, producer_id: producer.id })),
      ),
    );
  }

  const receivers = (): number[] => layers.map(({ destinations }) => destinations.length);

  /** Swaps so far, those included that are still to come of what has happened. */
  async function swaps(): Promise<number> {
    await Promise.resolve();
    return soundRead.mock.calls.length;
  }

  it('MH-3 swaps routes once for a batch of consumers, whatever layers they choose', async () => {
    watch();
    expect(soundRead).toHaveBeenCalledTimes(1);
    expect(await swaps()).toBe(1);
    expect(receivers()).toEqual([3, 3]);
  });

  it('MH-3 swaps routes once, and not while the packet is on its way, for a key frame that several wait for', async () => {
    watch();
    soundRead.mockClear();
    const keyFrame = frame(PUBLISHER, 11, { type: FrameType.videoKey });
    forward(keyFrame, 0, PUBLISHER, router, counters);
    expect(soundRead).not.toHaveBeenCalled();
    expect(await swaps()).toBe(1);
    expect(receivers()).toEqual([0, 3]);
  });

  it('MH-3 swaps routes once when a producer closes from which several change over', async () => {
    watch();
    forward(frame(PUBLISHER, 11, { type: FrameType.videoKey }), 0, PUBLISHER, router, counters);
    await swaps();
    soundRead.mockClear();
    router.closeProducer(layers[1]?.id ?? '');
    expect(soundRead).toHaveBeenCalledTimes(1);
    expect(await swaps()).toBe(1);
    expect(receivers()).toEqual([3, 0]);
  });
});
