import { beforeEach, describe, expect, it } from 'vitest';
import { type ReceiverReport, ReportedReception } from '../../../media-node/handler/ReportedReception.ts';
import { Router } from '../../../media-node/handler/Router.ts';
import type { Transport } from '../../../media-node/handler/Transport.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import { Measures } from '../../../media-node/metrics/Measures.ts';
import { CAPTURE_WINDOW_US, TransitWindows } from '../../../shared/frame/TransitWindows.ts';
import { frame } from '../frame.ts';
import { FakeClock } from './meeting.ts';

const WINDOW_MS = CAPTURE_WINDOW_US / 1_000;
const REPORT_MS = 250;
const FRAME_MS = 25;
const PUBLISHER = 1;
const VIDEO = 10;
const SOUND = 11;
/** The publisher's clock, and the subscriber's, against the handler's. */
const PUBLISHER_MS = 1_700_000_000_000;
const SUBSCRIBER_MS = -500_000;

/** What the ways of one frame take: from its publisher to here, and from here on. */
interface Ways {
  readonly inMs: number;
  readonly onMs: number;
}

describe('ReportedReception', () => {
  let clock: FakeClock;
  let arrivalClock: FakeClock;
  let router: Router;
  let subscriber: Transport;
  let reception: ReportedReception;
  let received: Map<number, { readonly windows: TransitWindows; reported: number }>;
  let nowMs: number;

  beforeEach(() => {
    clock = new FakeClock();
    arrivalClock = new FakeClock();
    nowMs = 0;
    let id = 0;
    router = new Router({
      id: 'router',
      meetingId: 'meeting',
      generation: 1,
      room: { transportsLeft: () => 9, subscriptionsLeft: () => 9 },
      newId: () => `id-${++id}`,
      clock,
      measures: new Measures(new Counters()),
    });
    const [from, to] = router.createTransports([
      { participant_id: 'p-1', user_id: PUBLISHER },
      { participant_id: 'p-2', user_id: 2 },
    ]);
    if (from === undefined || to === undefined) throw new Error('The router made no transports');
    subscriber = to;
    const producers = router.createProducers([
      { transport_id: from.id, stream_id: VIDEO, kind: 'video' },
      { transport_id: from.id, stream_id: SOUND, kind: 'audio' },
    ]);
    router.createConsumers(producers.map((one) => ({ transport_id: to.id, producer_id: one.id })));
    reception = new ReportedReception();
    received = new Map();
    for (const streamId of [VIDEO, SOUND])
      received.set(streamId, { windows: new TransitWindows(arrivalClock), reported: -1 });
  });

  /** A frame of the stream that is captured now comes in, goes on and arrives. */
  function pass(streamId: number, { inMs, onMs }: Ways): void {
    const bytes = frame(PUBLISHER, streamId, { timestampUs: (PUBLISHER_MS + nowMs) * 1_000 });
    clock.nowMs = nowMs + inMs;
    subscriber.consumerOf(PUBLISHER, streamId)?.producer.arrivals.record(bytes, 0);
    arrivalClock.nowMs = SUBSCRIBER_MS + nowMs + inMs + onMs;
    received.get(streamId)?.windows.record(bytes, 0);
  }

  function report(change: Partial<ReceiverReport> = {}, jitterUs = 0): void {
    const streams = [...received].map(([streamId, one]) => {
      const transits = one.windows.completedAfter(one.reported);
      one.reported = transits.at(-1)?.window ?? one.reported;
      return { userId: PUBLISHER, streamId, received: 10, bytes: 1_000, jitterUs, transits };
    });
    reception.add({ intervalMs: REPORT_MS, streams, ...change }, subscriber, nowMs);
  }

  /** For so long, with a report every 250 ms. */
  function run(
    forMs: number,
    video: (afterMs: number) => Ways,
    sound: (afterMs: number) => Ways = video,
  ): void {
    const startMs = nowMs;
    for (; nowMs < startMs + forMs; nowMs += FRAME_MS) {
      pass(VIDEO, video(nowMs - startMs));
      pass(SOUND, sound(nowMs - startMs));
      if ((nowMs + FRAME_MS) % REPORT_MS === 0) report();
    }
  }

  it('MH-5 tells of a queue on the way to a subscriber, and how fast it grows', () => {
    run(5_000, () => ({ inMs: 20, onMs: 30 }));
    expect(reception.delay(nowMs)).toEqual({ queueDelayMs: 0, slopeMsPerS: 0 });
    run(1_250, (afterMs) => ({ inMs: 20, onMs: 30 + 0.2 * afterMs }));
    const delay = reception.delay(nowMs);
    expect(delay?.slopeMsPerS).toBeCloseTo(200, -1);
    expect(delay?.queueDelayMs).toBeGreaterThan(150);
  });

  it("MH-5 takes nothing of a publisher's own way, clock or jitter for the subscriber's", () => {
    run(5_000, () => ({ inMs: 20, onMs: 30 }));
    run(3_000, (afterMs) => ({ inMs: 20 + 0.3 * afterMs + (afterMs % 50), onMs: 30 }));
    expect(reception.delay(nowMs)).toEqual({
      queueDelayMs: expect.closeTo(0),
      slopeMsPerS: expect.closeTo(0),
    });
    report({}, 20_000);
    expect(reception.jitterMs).toBeLessThan(2);
  });

  it('MH-5 takes of the streams the one that was held up least', () => {
    run(5_000, () => ({ inMs: 20, onMs: 30 }));
    run(
      2_000,
      (afterMs) => ({ inMs: 20, onMs: 30 + 0.2 * afterMs }),
      () => ({ inMs: 25, onMs: 30 }),
    );
    expect(reception.delay(nowMs)?.queueDelayMs).toBeCloseTo(0);
  });

  it('MH-5 asks for jitter only those streams of which datagrams came', () => {
    const said = (received: number, jitterUs: number) => ({ userId: PUBLISHER, received, jitterUs });
    const onStreams = { ...said(0, 0), streamId: SOUND };
    reception.add({ streams: [{ ...said(10, 40_000), streamId: VIDEO }, onStreams] }, subscriber, nowMs);
    expect([reception.jitterMs, reception.baseJitterMs]).toEqual([40, 40]);
    reception.add({ streams: [onStreams] }, subscriber, nowMs);
    expect([reception.jitterMs, reception.baseJitterMs]).toEqual([undefined, 40]);
  });

  it('MH-5 takes off what the client was busy for', () => {
    run(5_000, () => ({ inMs: 20, onMs: 30 }));
    run(1_000, () => ({ inMs: 20, onMs: 150 }));
    report({ busyUs: 90_000 }, 100_000);
    expect(reception.busyMs).toBe(90);
    expect(reception.delay(nowMs)?.queueDelayMs).toBeCloseTo(30);
    expect(reception.jitterMs).toBeCloseTo(10, 0);
    report({ busyUs: 200_000 });
    expect([reception.delay(nowMs)?.queueDelayMs, reception.jitterMs]).toEqual([0, 0]);
  });

  it('MH-5 knows of no delay where a client does not tell of it, and of no jitter before it reports', () => {
    expect([reception.isKnown, reception.jitterMs, reception.baseJitterMs]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    for (let step = 0; step < 40; step++) {
      pass(VIDEO, { inMs: 20, onMs: 30 + step * 20 });
      nowMs += WINDOW_MS;
      reception.add(
        { intervalMs: REPORT_MS, streams: [{ userId: PUBLISHER, streamId: VIDEO, received: 10 }] },
        subscriber,
        nowMs,
      );
    }
    expect(reception.isKnown).toBe(true);
    expect(reception.delay(nowMs)).toBeUndefined();
    expect([reception.jitterMs, reception.baseJitterMs]).toEqual([0, 0]);
  });

  it('MH-5 MH-10 draws nothing from windows that were never sent, and keeps to numbers whatever else is said', () => {
    run(5_000, () => ({ inMs: 20, onMs: 30 }));
    const before = reception.delay(nowMs);
    const window = Math.floor(((PUBLISHER_MS + nowMs) * 1_000) / CAPTURE_WINDOW_US);
    const said = (windows: readonly number[], leastUs: number): ReceiverReport => ({
      streams: [
        { userId: PUBLISHER, streamId: VIDEO, transits: windows.map((one) => ({ window: one, leastUs })) },
      ],
    });
    reception.add(said([0, window + 1, window + 10_000, Number.MAX_SAFE_INTEGER], 0), subscriber, nowMs);
    expect(reception.delay(nowMs)).toEqual(before);
    reception.add(
      { streams: [{ userId: 77, streamId: VIDEO, transits: [{ window, leastUs: 0 }] }] },
      subscriber,
      nowMs,
    );
    expect(reception.delay(nowMs)).toEqual(before);
    for (const leastUs of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
      reception.add(said([window - 2, window - 1], leastUs), subscriber, nowMs);
      const { queueDelayMs = Number.NaN, slopeMsPerS = Number.NaN } = reception.delay(nowMs) ?? {};
      expect([queueDelayMs, slopeMsPerS].every(Number.isFinite)).toBe(true);
    }
    // Only the newest of a report: the others would have come with the reports before.
    reception.add(
      said(
        Array.from({ length: 10_000 }, () => window),
        0,
      ),
      subscriber,
      nowMs,
    );
  });

  it('MH-5 tells the delivered bit rate of pictures over half a second, while reports are fresh', () => {
    expect(reception.deliveredBps(nowMs)).toBe(0);
    report();
    report();
    nowMs += 500;
    expect(reception.deliveredBps(nowMs)).toBe(32_000);
    expect(reception.deliveredBps(nowMs + 500)).toBe(0);
  });
});
