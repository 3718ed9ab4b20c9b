// The figures of a node's handler workers as Prometheus metrics (ledger MH-8).
import type { WorkerBody } from '../../shared/api/handler.ts';
import type { Counter } from './Counters.ts';
import { DROP_REASON_NAMES } from './DropReason.ts';
import type { MetricFamily, Sample } from './exposition.ts';

const US_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1_000;
/** Counts of bytes, which have metrics of their own: they do not add up with what happened how often. */
const BYTE_COUNTERS: readonly string[] = [
  'datagramBytesIn',
  'datagramBytesOut',
  'streamBytesIn',
  'streamBytesOut',
] satisfies (keyof typeof Counter)[];
const NO_DROPS = Object.fromEntries(
  DROP_REASON_NAMES.filter((name) => name !== 'none').map((name) => [name, 0]),
);
const QUANTILES = { p50: '0.5', p95: '0.95', p99: '0.99', p999: '0.999' } as const;

type QuantileFigures = WorkerBody['forwarding_us'];

/** `handlerId` is the label that tells the nodes of a fleet apart. */
export function handlerMetrics(handlerId: string, workers: readonly WorkerBody[]): MetricFamily[] {
  const labelsOf = (worker: WorkerBody): Sample['labels'] => ({
    handler_id: handlerId,
    worker_id: worker.worker_id,
  });
  const each = (value: (worker: WorkerBody) => number | undefined): Sample[] =>
    workers.flatMap((worker) => {
      const figure = value(worker);
      return figure === undefined ? [] : [{ labels: labelsOf(worker), value: figure }];
    });
  /** One sample a worker and name. */
  const byName = (
    label: string,
    figuresOf: (worker: WorkerBody) => Readonly<Record<string, number>> | undefined,
  ): Sample[] =>
    workers.flatMap((worker) =>
      Object.entries(figuresOf(worker) ?? {}).map(([name, value]) => ({
        labels: { ...labelsOf(worker), [label]: name },
        value,
      })),
    );
  const gauge = (
    name: string,
    help: string,
    value: (worker: WorkerBody) => number | undefined,
  ): MetricFamily => ({
    name: `dark_tower_media_${name}`,
    help,
    type: 'gauge',
    samples: each(value),
  });
  const counter = (
    name: string,
    help: string,
    value: (worker: WorkerBody) => number | undefined,
  ): MetricFamily => ({
    name: `dark_tower_media_${name}_total`,
    help,
    type: 'counter',
    samples: each(value),
  });
  /** Quantiles alone: what they are of comes and goes, so that a sum and a count would not only grow. */
  const quantiles = (
    name: string,
    help: string,
    figuresOf: (worker: WorkerBody) => QuantileFigures,
    perUnit: number,
  ): MetricFamily => ({
    name: `dark_tower_media_${name}`,
    help,
    type: 'summary',
    samples: workers.flatMap((worker) => quantileSamples(figuresOf(worker), labelsOf(worker), perUnit)),
  });
  return [
    gauge('routers', 'Meetings on the worker.', (worker) => worker.routers),
    gauge('sessions', 'WebTransport sessions open.', (worker) => worker.sessions),
    gauge('producers', 'Streams published.', (worker) => worker.producers),
    gauge('consumers', 'Consumers of streams.', (worker) => worker.consumers),
    gauge(
      'subscriptions',
      'Sources that are consumed, which the limit is of: the layers of one are one.',
      (worker) => worker.subscriptions,
    ),
    gauge('cpu_ratio', 'Share of a core in use, 0 to 1.', (worker) => worker.cpu_ratio),
    gauge('resident_memory_bytes', 'Resident memory of the worker process.', (worker) => worker.rss_bytes),
    counter('cpu_seconds', 'CPU time of the worker process.', (worker) => worker.cpu_us / US_PER_SECOND),
    counter(
      'datagrams_in',
      'Datagrams received, control datagrams included.',
      (worker) => worker.datagrams_in,
    ),
    counter('datagrams_out', 'Copies of media datagrams sent.', (worker) => worker.datagrams_out),
    counter('bytes_in', 'Media bytes received in datagrams and streams.', (worker) => worker.bytes_in),
    counter('bytes_out', 'Media bytes sent in datagrams and streams.', (worker) => worker.bytes_out),
    gauge('cpu_seconds_per_datagram', 'CPU time for each datagram in or out, since start.', cpuPerDatagram),
    counter(
      'stream_bytes_in',
      'Media bytes received on streams alone.',
      (worker) => worker.counters?.['streamBytesIn'],
    ),
    counter(
      'stream_bytes_out',
      'Media bytes sent on streams alone.',
      (worker) => worker.counters?.['streamBytesOut'],
    ),
    {
      name: 'dark_tower_media_events_total',
      help: 'What else the worker counts, by kind.',
      type: 'counter',
      samples: byName('kind', ({ counters = {} }) => withoutBytes(counters)),
    },
    {
      name: 'dark_tower_media_drops_total',
      help: 'Datagrams, copies of them, streams and messages that were not passed on, by reason.',
      type: 'counter',
      // A reason that has never happened is told as well: a rate needs something to begin from.
      samples: byName('reason', ({ drops }) => ({ ...NO_DROPS, ...drops })),
    },
    {
      name: 'dark_tower_media_forwarded_by_hops_total',
      help: 'Media datagrams routed, by the number of handlers they came through before.',
      type: 'counter',
      samples: byName('hops', ({ forwarded_by_hops: forwarded }) => forwarded),
    },
    quantiles(
      'session_round_trip_seconds',
      'Round trips of the sessions whose path is known, now.',
      ({ session_round_trip_ms: figures }) => figures,
      MS_PER_SECOND,
    ),
    quantiles(
      'session_loss_ratio',
      'Shares of what was sent to these sessions that were lost, now, 0 to 1.',
      ({ session_loss_ratio: figures }) => figures,
      1,
    ),
    {
      name: 'dark_tower_media_forwarding_seconds',
      help: 'Arrival of a datagram to its last copy handed to QUIC, one in sixteen.',
      type: 'histogram',
      samples: workers.flatMap((worker) => forwardingSamples(worker, labelsOf(worker))),
    },
    quantiles(
      'forwarding_last_minute_seconds',
      'The same of the last minute, for those who do not compute it from the buckets.',
      ({ forwarding_60s_us: figures }) => figures,
      US_PER_SECOND,
    ),
  ];
}

function withoutBytes(counters: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).filter(([kind]) => !BYTE_COUNTERS.includes(kind)));
}

function cpuPerDatagram(worker: WorkerBody): number | undefined {
  const datagrams = worker.datagrams_in + worker.datagrams_out;
  return datagrams === 0 ? undefined : worker.cpu_us / US_PER_SECOND / datagrams;
}

function quantileSamples(figures: QuantileFigures, labels: Sample['labels'], perUnit: number): Sample[] {
  if (figures === undefined) return [];
  return (Object.keys(QUANTILES) as (keyof typeof QUANTILES)[]).map((name) => ({
    labels: { ...labels, quantile: QUANTILES[name] },
    value: figures[name] / perUnit,
  }));
}

/** The last bucket has all: what took longer than the highest edge is in no other. */
function forwardingSamples(
  { forwarding_us: figures, forwarding_buckets_us: buckets }: WorkerBody,
  labels: Sample['labels'],
): Sample[] {
  const { count, sum } = figures ?? {};
  if (buckets === undefined || count === undefined || sum === undefined) return [];
  return [
    ...buckets.map(
      (bucket): Sample => ({
        labels: { ...labels, le: bucket.le / US_PER_SECOND },
        value: bucket.count,
        suffix: '_bucket',
      }),
    ),
    { labels: { ...labels, le: '+Inf' }, value: count, suffix: '_bucket' },
    { labels, value: sum / US_PER_SECOND, suffix: '_sum' },
    { labels, value: count, suffix: '_count' },
  ];
}
