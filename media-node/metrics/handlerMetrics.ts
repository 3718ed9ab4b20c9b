// The figures of a node's handler workers as Prometheus metrics (ledger MH-8).
import type { WorkerBody } from '../../shared/api/handler.ts';
import type { MetricFamily, Sample } from './exposition.ts';

const US_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1_000;
const QUANTILES = { p50: '0.5', p95: '0.95', p99: '0.99', p999: '0.999' } as const;

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
  /** A gauge for each quantile: sessions come and go, so that these figures do not only count up. */
  const pathGauge = (
    name: string,
    help: string,
    figuresOf: (worker: WorkerBody) => WorkerBody['forwarding_us'],
    perUnit: number,
  ): MetricFamily => ({
    name: `dark_tower_media_${name}`,
    help,
    type: 'gauge',
    samples: workers.flatMap((worker) => quantileSamples(figuresOf(worker), labelsOf(worker), perUnit)),
  });
  return [
    gauge('routers', 'Meetings on the worker.', (worker) => worker.routers),
    gauge('sessions', 'WebTransport sessions open.', (worker) => worker.sessions),
    gauge('producers', 'Streams published.', (worker) => worker.producers),
    gauge('consumers', 'Subscriptions to streams.', (worker) => worker.consumers),
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
    {
      name: 'dark_tower_media_events_total',
      help: 'What else the worker counts, by kind.',
      type: 'counter',
      samples: workers.flatMap((worker) =>
        Object.entries(worker.counters ?? {}).map(([kind, value]) => ({
          labels: { ...labelsOf(worker), kind },
          value,
        })),
      ),
    },
    {
      name: 'dark_tower_media_drops_total',
      help: 'Datagrams, copies of them, streams and messages that were not passed on, by reason.',
      type: 'counter',
      samples: workers.flatMap((worker) =>
        Object.entries(worker.drops).map(([reason, value]) => ({
          labels: { ...labelsOf(worker), reason },
          value,
        })),
      ),
    },
    {
      name: 'dark_tower_media_forwarded_by_hops_total',
      help: 'Media datagrams routed, by the number of handlers they came through before.',
      type: 'counter',
      // Frames that came through another handler are not accepted from a client, and there are no links yet.
      samples: each((worker) => worker.counters?.['datagramsRouted']).map(({ labels, value }) => ({
        labels: { ...labels, hops: 0 },
        value,
      })),
    },
    pathGauge(
      'session_round_trip_seconds',
      'Round trips of the sessions whose path is known, now.',
      ({ session_round_trip_ms: figures }) => figures,
      MS_PER_SECOND,
    ),
    pathGauge(
      'session_loss_ratio',
      'Shares of what was sent to these sessions that were lost, now, 0 to 1.',
      ({ session_loss_ratio: figures }) => figures,
      1,
    ),
    {
      name: 'dark_tower_media_forwarding_seconds',
      help: 'Arrival of a datagram to its last copy handed to QUIC, one in sixteen, since start.',
      type: 'summary',
      samples: workers.flatMap((worker) => forwardingSamples(worker, labelsOf(worker))),
    },
  ];
}

function cpuPerDatagram(worker: WorkerBody): number | undefined {
  const datagrams = worker.datagrams_in + worker.datagrams_out;
  return datagrams === 0 ? undefined : worker.cpu_us / US_PER_SECOND / datagrams;
}

function quantileSamples(
  figures: WorkerBody['forwarding_us'],
  labels: Sample['labels'],
  perUnit: number,
): Sample[] {
  if (figures === undefined) return [];
  return (Object.keys(QUANTILES) as (keyof typeof QUANTILES)[]).map((name) => ({
    labels: { ...labels, quantile: QUANTILES[name] },
    value: figures[name] / perUnit,
  }));
}

function forwardingSamples({ forwarding_us: figures }: WorkerBody, labels: Sample['labels']): Sample[] {
  const quantiles = quantileSamples(figures, labels, US_PER_SECOND);
  if (figures?.count === undefined || figures.sum === undefined) return quantiles;
  return [
    ...quantiles,
    { labels, value: figures.sum / US_PER_SECOND, suffix: '_sum' },
    { labels, value: figures.count, suffix: '_count' },
  ];
}
