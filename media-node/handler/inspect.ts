// What the internal API tells of one session (ledger MH-8). Made when asked for.
import type { Traffic, TransportDetails } from '../../shared/api/handler.ts';
import { isCopyDrop } from '../metrics/DropReason.ts';
import type { RateSampler } from '../metrics/RateSampler.ts';
import type { StreamTraffic } from '../metrics/StreamTraffic.ts';
import type { Consumer } from './Consumer.ts';
import type { Producer } from './Producer.ts';
import type { Transport } from './Transport.ts';

export function inspectTransport(transport: Transport): TransportDetails {
  const { session, path } = transport;
  return {
    transport_id: transport.id,
    participant_id: transport.participantId,
    user_id: transport.userId,
    connected: transport.connected,
    ...(session && { remote_address: session.remoteAddress }),
    muted: transport.mutedKinds,
    ...(path && {
      path: {
        ...(path.roundTripMs !== undefined && { round_trip_ms: path.roundTripMs }),
        ...(path.lossRatio !== undefined && { loss_ratio: path.lossRatio }),
        ...(path.queueDelayMs !== undefined && { queue_delay_ms: path.queueDelayMs }),
        ...(path.delaySlopeMsPerS !== undefined && { delay_slope_ms_per_s: path.delaySlopeMsPerS }),
        ...(path.jitterMs !== undefined && { jitter_ms: path.jitterMs }),
        ...(path.budgetBps !== undefined && { budget_bps: path.budgetBps }),
      },
    }),
    datagrams_in_flight: session?.datagramsInFlight ?? 0,
    ...(transport.counters && {
      received: {
        ...trafficOf(transport.received, transport.ratesIn),
        drops: transport.counters.dropsByName((reason) => !isCopyDrop(reason)),
      },
    }),
    sent: trafficOf(transport.sent, transport.ratesOut),
    drops: transport.drops.byName(),
    producers: [...transport.producers].map(inspectProducer),
    consumers: [...transport.consumers()].map(inspectConsumer),
  };
}

function inspectProducer(producer: Producer): TransportDetails['producers'][number] {
  return {
    producer_id: producer.id,
    stream_id: producer.streamId,
    kind: producer.kind,
    spatial_layer: producer.spatialLayer,
    consumers: producer.consumers.length,
    ...trafficOf(producer.traffic, producer.rates),
  };
}

function inspectConsumer(consumer: Consumer): TransportDetails['consumers'][number] {
  const figures = consumer.receiverFigures;
  return {
    consumer_id: consumer.id,
    producer_id: consumer.producer.id,
    user_id: consumer.producer.userId,
    stream_id: consumer.producer.streamId,
    forwarding: consumer.forwarding,
    delivery: consumer.delivery,
    max_temporal_layer: consumer.maxTemporalLayer,
    ...trafficOf(consumer.sent, consumer.rates),
    dropped: consumer.datagramsDropped,
    outstanding_datagrams: consumer.outstandingDatagrams,
    window_datagrams: consumer.windowDatagrams,
    open_streams: consumer.openCopies,
    queued_stream_bytes: consumer.queuedStreamBytes,
    ...(figures && {
      reported: {
        received: figures.received,
        lost: figures.lost,
        jitter_us: figures.jitterUs,
        bytes: figures.bytes,
      },
    }),
  };
}

function trafficOf({ datagrams, bytes, streams, streamBytes }: StreamTraffic, rates: RateSampler): Traffic {
  return {
    datagrams,
    bytes,
    streams,
    stream_bytes: streamBytes,
    datagrams_per_second: rates.datagramsPerSecond,
    bits_per_second: rates.bitsPerSecond,
  };
}
