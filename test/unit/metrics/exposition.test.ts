import { describe, expect, it } from 'vitest';
import { formatExposition } from '../../../media-node/metrics/exposition.ts';
import { handlerMetrics } from '../../../media-node/metrics/handlerMetrics.ts';
import type { WorkerBody } from '../../../shared/api/handler.ts';
import { parseExposition } from './parseExposition.ts';

const WORKER: WorkerBody = {
  worker_id: 0,
  pid: 1,
  udp_port: 2,
  routers: 3,
  sessions: 4,
  producers: 5,
  consumers: 6,
  subscriptions: 4,
  cpu_ratio: 0.25,
  cpu_us: 2_000_000,
  rss_bytes: 5e7,
  datagrams_in: 100,
  datagrams_out: 300,
  bytes_in: 1e21,
  bytes_out: 2,
  drops: { truncated: 7, muted: 8 },
  counters: { datagramsRouted: 90, pongsOut: 1, streamBytesIn: 17 },
  forwarded_by_hops: { 0: 90 },
  forwarding_us: { p50: 10, p95: 20, p99: 30, p999: 40, count: 6, sum: 120 },
  forwarding_60s_us: { p50: 1, p95: 2, p99: 3, p999: 4, count: 2, sum: 5 },
  forwarding_buckets_us: [
    { le: 10, count: 3 },
    { le: 10_000, count: 5 },
  ],
  session_round_trip_ms: { p50: 25, p95: 180, p99: 400, p999: 400, count: 4, sum: 700 },
  session_loss_ratio: { p50: 0.01, p95: 0.25, p99: 0.5, p999: 0.5, count: 4, sum: 1 },
};

describe('Prometheus exposition', () => {
  it('MH-8 gives the figures of workers in the format, each series once', () => {
    const text = formatExposition(handlerMetrics('mh-1', [WORKER, { ...WORKER, worker_id: 1 }]));
    const series = parseExposition(text);
    const of = (name: string, labels = ''): string | undefined =>
      series.get(`dark_tower_media_${name}{handler_id="mh-1",worker_id="0"${labels}}`);
    expect(of('routers')).toBe('3');
    expect(of('cpu_seconds_total')).toBe('2');
    expect(of('cpu_seconds_per_datagram')).toBe('0.005');
    expect(of('bytes_in_total')).toBe('1e+21');
    expect(of('drops_total', ',reason="muted"')).toBe('8');
    expect(of('events_total', ',kind="pongsOut"')).toBe('1');
    expect(of('forwarded_by_hops_total', ',hops="0"')).toBe('90');
    // A reason that never happened is there all the same, and bytes are not among what happened.
    expect(of('drops_total', ',reason="noRoute"')).toBe('0');
    expect([of('stream_bytes_in_total'), of('events_total', ',kind="streamBytesIn"')]).toEqual([
      '17',
      undefined,
    ]);
    expect(['0.00001', '0.01', '+Inf'].map((le) => of('forwarding_seconds_bucket', `,le="${le}"`))).toEqual([
      '3',
      '5',
      '6',
    ]);
    expect(of('forwarding_last_minute_seconds', ',quantile="0.99"')).toBe('0.000003');
    expect([of('forwarding_seconds_count'), of('forwarding_seconds_sum')]).toEqual(['6', '0.00012']);
    expect(of('session_round_trip_seconds', ',quantile="0.95"')).toBe('0.18');
    expect(of('session_loss_ratio', ',quantile="0.99"')).toBe('0.5');
  });

  it('MH-8 leaves out what a worker does not say', () => {
    const {
      forwarding_us: _,
      forwarding_60s_us: _60,
      forwarding_buckets_us: _buckets,
      forwarded_by_hops: _hops,
      counters: __,
      session_round_trip_ms: ___,
      session_loss_ratio: ____,
      ...bare
    } = { ...WORKER, datagrams_in: 0, datagrams_out: 0, drops: {} };
    const text = formatExposition(handlerMetrics('mh-1', [bare]));
    parseExposition(text);
    for (const absent of [
      'forwarding',
      'forwarded',
      'stream_bytes',
      'events_total',
      'cpu_seconds_per_datagram',
      'session_',
    ])
      expect(text).not.toContain(absent);
    expect(formatExposition(handlerMetrics('mh-1', []))).toBe('');
  });

  it('escapes labels and help, and writes what is no number as the format says', () => {
    const samples = [
      { labels: { path: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
      { labels: {}, value: Number.NaN },
    ];
    expect(formatExposition([{ name: 'x', help: 'one\ntwo', type: 'gauge', samples }])).toBe(
      '# HELP x one\\ntwo\n# TYPE x gauge\nx{path="a\\"b\\\\c\\nd"} +Inf\nx NaN\n',
    );
  });

  it('refuses names that the format does not allow', () => {
    const family = { help: 'h', type: 'gauge' } as const;
    expect(() => formatExposition([{ ...family, name: 'a-b', samples: [{ labels: {}, value: 1 }] }])).toThrow(
      TypeError,
    );
    expect(() =>
      formatExposition([{ ...family, name: 'a', samples: [{ labels: { 'b-c': 1 }, value: 1 }] }]),
    ).toThrow(TypeError);
  });
});
