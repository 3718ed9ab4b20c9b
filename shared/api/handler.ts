// Bodies of a media handler's internal API (ledger SFU-2, SFU-3): routers, transports, producers, consumers, in batches.
// A batch is all or nothing: the first bad item fails the request and nothing of it is kept.
import * as z from 'zod';
import { DELIVERIES } from '../media-session/delivery.ts';
import { certificateHashSchema, httpsUrlSchema, idSchema } from './fields.ts';

export const MAX_BATCH = 256;
const uint32Id = z.int().min(1).max(0xffff_ffff);

/** Where a meeting controller is told of routers that it has lost (ledger SFU-9). */
export const controllerAddressSchema = z.strictObject({
  controller_id: idSchema,
  internal_url: httpsUrlSchema,
  certificate_hashes: z.array(certificateHashSchema).min(1).max(4),
});
export type ControllerAddress = z.infer<typeof controllerAddressSchema>;

export const createRouterSchema = z.strictObject({
  meeting_id: idSchema,
  generation: z.int().min(1),
  controller: controllerAddressSchema.optional().meta({
    description: 'Who is told when the router is lost. That of the latest request for the router counts.',
  }),
});
export type CreateRouter = z.infer<typeof createRouterSchema>;

const quantilesSchema = z.object({
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
  count: z.number().optional(),
  sum: z.number().optional(),
});
/** What is measured of a worker and of each router on it (ledger MH-8). Counts only grow; rates are of the last second. */
export const figuresSchema = z.object({
  datagrams_in: z.number(),
  datagrams_out: z.number(),
  bytes_in: z.number().meta({ description: 'In datagrams and on streams.' }),
  bytes_out: z.number(),
  datagrams_in_per_second: z.number().optional(),
  datagrams_out_per_second: z.number().optional(),
  bits_in_per_second: z.number().optional(),
  bits_out_per_second: z.number().optional(),
  drops: z.record(z.string(), z.number()).meta({ description: 'What was not passed on, by reason.' }),
  counters: z
    .record(z.string(), z.number())
    .optional()
    .meta({ description: 'Everything else that is counted, by name.' }),
  forwarded_by_hops: z.record(z.string(), z.number()).optional().meta({
    description: 'Media datagrams routed, by the number of handlers that they came through before.',
  }),
  forwarding_us: quantilesSchema.optional().meta({
    description:
      'Arrival of a datagram to its last copy handed to QUIC, one datagram in sixteen, since start, microseconds.',
  }),
  forwarding_10s_us: quantilesSchema.optional().meta({
    description: 'The same of the last 10 s, and up to 5 s before. Absent when there was nothing.',
  }),
  forwarding_60s_us: quantilesSchema.optional().meta({
    description: 'The same of the last 60 s, and up to 5 s before. Absent when there was nothing.',
  }),
  forwarding_buckets_us: z
    .array(z.object({ le: z.number(), count: z.number() }))
    .optional()
    .meta({ description: 'How many of them took up to `le` microseconds, since start.' }),
  session_round_trip_ms: quantilesSchema.optional().meta({
    description: 'Round trips of the sessions whose path is known, now, milliseconds.',
  }),
  session_loss_ratio: quantilesSchema.optional().meta({
    description: 'Shares of what was sent to these sessions that were lost, now, 0 to 1.',
  }),
});
export type Figures = z.infer<typeof figuresSchema>;

export const routerSchema = z.object({
  router_id: idSchema,
  meeting_id: idSchema,
  generation: z.int(),
  worker_id: z.int(),
  transports: z.int(),
  producers: z.int(),
  consumers: z.int(),
  figures: figuresSchema.optional().meta({ description: 'Absent for a router that was just made.' }),
});
export type RouterBody = z.infer<typeof routerSchema>;
export const routerListSchema = z.object({ routers: z.array(routerSchema) });

/** Kinds of media that a participant may not send, as its host says (MC-10). */
const mutedKindsSchema = z.array(z.enum(['audio', 'video'])).max(2);

export const createTransportsSchema = z.strictObject({
  transports: z
    .array(
      z.strictObject({
        participant_id: idSchema,
        user_id: uint32Id,
        muted: mutedKindsSchema.optional().meta({ description: 'What it may not send from its first byte.' }),
      }),
    )
    .min(1)
    .max(MAX_BATCH),
});
export type CreateTransports = z.infer<typeof createTransportsSchema>;
export const transportSchema = z.object({
  transport_id: idSchema,
  url: httpsUrlSchema,
  certificate_hashes: z.array(certificateHashSchema),
  connection_token: z
    .string()
    .meta({ description: 'HMAC-SHA256, 5 minutes, single use, bound to this transport (MC-7).' }),
  expires_at_ms: z.int(),
});
export type TransportBody = z.infer<typeof transportSchema>;
export const transportsSchema = z.object({ transports: z.array(transportSchema) });
export type TransportsBody = z.infer<typeof transportsSchema>;

/** What a participant may not send, as its host says (MC-10): the whole set, so that an empty one lifts every mute. */
export const muteTransportSchema = z.strictObject({
  kinds: mutedKindsSchema,
});
export type MuteTransport = z.infer<typeof muteTransportSchema>;

export const createProducersSchema = z.strictObject({
  producers: z
    .array(
      z.strictObject({
        transport_id: idSchema,
        stream_id: uint32Id,
        kind: z.enum(['audio', 'video']),
        spatial_layer: z.int().min(0).max(2).default(0),
        source: z.enum(['microphone', 'camera', 'screen', 'screen_audio']).optional().meta({
          description: 'Video streams of one source and of different layers are layers of it (SFU-4).',
        }),
        bitrate_bps: z
          .int()
          .min(0)
          .max(1_000_000_000)
          .optional()
          .meta({ description: 'What it is published at, until it was measured. 0: not known.' }),
      }),
    )
    .min(1)
    .max(MAX_BATCH),
});
/** What a stream shows. */
export type ProducerSource = 'microphone' | 'camera' | 'screen' | 'screen_audio';
export type CreateProducers = z.input<typeof createProducersSchema>;
export const producersSchema = z.object({ producers: z.array(z.object({ producer_id: idSchema })) });
export type ProducersBody = z.infer<typeof producersSchema>;

const deliverySchema = z.enum(DELIVERIES).optional().meta({
  description:
    'Form in which the frames go out; publishers_choice without it, or when the publisher offers no other.',
});
export const createConsumersSchema = z.strictObject({
  consumers: z
    .array(z.strictObject({ transport_id: idSchema, producer_id: idSchema, delivery: deliverySchema }))
    .min(1)
    .max(MAX_BATCH),
});
export type CreateConsumers = z.infer<typeof createConsumersSchema>;
export const consumersSchema = z.object({ consumers: z.array(z.object({ consumer_id: idSchema })) });
export type ConsumersBody = z.infer<typeof consumersSchema>;

/** A media handler to a meeting controller: these routers of its meetings are gone, with all that was in them (SFU-9). */
export const routersLostSchema = z.strictObject({
  handler_id: idSchema,
  routers: z
    .array(z.strictObject({ router_id: idSchema, meeting_id: idSchema }))
    .min(1)
    .max(MAX_BATCH),
  reason: z.string().max(200),
});
export type RoutersLost = z.infer<typeof routersLostSchema>;
export const routersLostAnswerSchema = z.object({
  recovering: z.int().meta({ description: 'Routers of them that were in use; their meetings get others.' }),
});
export type RoutersLostAnswer = z.infer<typeof routersLostAnswerSchema>;

/** A media handler to a meeting controller: these sessions of its participants have ended, and their transports (SFU-9). */
export const transportsLostSchema = z.strictObject({
  handler_id: idSchema,
  transports: z
    .array(z.strictObject({ router_id: idSchema, meeting_id: idSchema, transport_id: idSchema }))
    .min(1)
    .max(MAX_BATCH),
});
export type TransportsLost = z.infer<typeof transportsLostSchema>;
export const transportsLostAnswerSchema = z.object({
  recovering: z
    .int()
    .meta({ description: 'Transports of them that were in use; their participants get others.' }),
});
export type TransportsLostAnswer = z.infer<typeof transportsLostAnswerSchema>;

/** Why a path of a subscriber takes less than the subscriber wishes for, or that it takes it again (ledger MH-5). */
export const qualityReasonSchema = z.enum(['loss', 'round_trip', 'congestion', 'recovered']);
export type QualityReason = z.infer<typeof qualityReasonSchema>;
export const qualityAlertSchema = z.strictObject({
  router_id: idSchema,
  meeting_id: idSchema,
  participant_id: idSchema,
  user_id: uint32Id,
  reason: qualityReasonSchema,
  round_trip_ms: z.int().min(0),
  loss_ratio: z.number().min(0).max(1),
  delivered_bps: z.int().min(0).meta({ description: 'Of pictures, as the subscriber reports.' }),
  budget_bps: z.int().min(0).optional().meta({ description: 'Absent when nothing is limited.' }),
});
export type QualityAlert = z.infer<typeof qualityAlertSchema>;

/** A media handler to a meeting controller: what became of the paths of participants of its meetings (MH-5). */
export const qualityAlertsSchema = z.strictObject({
  handler_id: idSchema,
  alerts: z.array(qualityAlertSchema).min(1).max(MAX_BATCH),
});
export type QualityAlerts = z.infer<typeof qualityAlertsSchema>;
export const qualityAlertsAnswerSchema = z.object({
  told: z.int().meta({ description: 'Alerts of participants who are there; their meetings were told.' }),
});
export type QualityAlertsAnswer = z.infer<typeof qualityAlertsAnswerSchema>;

export const workerSchema = z.object({
  worker_id: z.int(),
  pid: z.int(),
  udp_port: z.int(),
  routers: z.int(),
  sessions: z.int(),
  producers: z.int(),
  consumers: z.int(),
  subscriptions: z.int().meta({
    description: 'What the limit of consumers counts: the layers of one source are one to each subscriber.',
  }),
  cpu_ratio: z.number(),
  cpu_us: z.number().meta({ description: 'CPU time used since start, microseconds.' }),
  rss_bytes: z.number(),
  cpu_us_per_datagram: z.number().optional().meta({
    description: 'CPU time for each datagram in or out in the last second. Absent when there was none.',
  }),
  ...figuresSchema.shape,
});
export type WorkerBody = z.infer<typeof workerSchema>;
export const workersSchema = z.object({ workers: z.array(workerSchema) });

const trafficFields = {
  datagrams: z.number(),
  bytes: z.number().meta({ description: 'Of the datagrams.' }),
  streams: z.number().optional().meta({ description: 'QUIC streams, on which key frames go.' }),
  stream_bytes: z.number().optional(),
  datagrams_per_second: z.number(),
  bits_per_second: z.number().meta({ description: 'In datagrams and on streams.' }),
};
const trafficSchema = z.object(trafficFields);
export type Traffic = z.infer<typeof trafficSchema>;
const producerFields = {
  producer_id: idSchema,
  stream_id: z.int(),
  kind: z.enum(['audio', 'video']),
  spatial_layer: z.int(),
  consumers: z.int(),
  ...trafficFields,
};
const consumerFields = {
  consumer_id: idSchema,
  producer_id: idSchema,
  user_id: z.int(),
  stream_id: z.int(),
  forwarding: z.enum(['all', 'fromKeyFrame', 'none']).optional().meta({
    description: 'Of the layers of a source one is sent, and one may wait for its key frame.',
  }),
  delivery: deliverySchema,
  max_temporal_layer: z
    .int()
    .optional()
    .meta({ description: 'Discardable frames of higher temporal layers are left out.' }),
  ...trafficFields,
  dropped: z.number(),
  outstanding_datagrams: z.number().meta({ description: 'Sent and not known to have arrived.' }),
  window_datagrams: z.number().meta({ description: 'How many of them there may be.' }),
  open_streams: z.int().optional().meta({ description: 'QUIC streams to it that have not ended.' }),
  queued_stream_bytes: z.int().optional().meta({ description: 'Of these, what it has not taken yet.' }),
  reported: z
    .object({ received: z.number(), lost: z.number(), jitter_us: z.number(), bytes: z.number() })
    .optional(),
};
export const transportDetailsSchema = z
  .object({
    transport_id: idSchema,
    participant_id: idSchema,
    user_id: z.int(),
    connected: z.boolean(),
    remote_address: z.string().optional(),
    muted: z.array(z.enum(['audio', 'video'])),
    path: z
      .object({
        round_trip_ms: z.number().optional(),
        loss_ratio: z.number().optional(),
        queue_delay_ms: z
          .number()
          .optional()
          .meta({ description: 'What waits on the way there, by when frames arrive.' }),
        delay_slope_ms_per_s: z
          .number()
          .optional()
          .meta({ description: 'How fast that grows, or becomes less, as far as it does so steadily.' }),
        jitter_ms: z.number().optional().meta({ description: 'Of the way there alone.' }),
        budget_bps: z.number().optional().meta({ description: 'Absent when nothing is limited.' }),
      })
      .optional()
      .meta({
        description: 'The path to it as the handler measured it: pings, and what was forwarded and reported.',
      }),
    datagrams_in_flight: z.int().meta({ description: 'Handed to QUIC and not taken yet.' }),
    received: trafficSchema
      .extend({
        drops: z.record(z.string(), z.number()).meta({ description: 'Of that not passed on, by reason.' }),
      })
      .optional()
      .meta({ description: 'What came from its client, control datagrams included.' }),
    sent: trafficSchema.optional().meta({ description: 'What its client was sent of others.' }),
    drops: z.record(z.string(), z.number()).meta({ description: 'Copies not sent to it, by reason.' }),
    producers: z.array(z.object(producerFields)),
    consumers: z.array(z.object(consumerFields)),
  })
  .meta({ description: 'One session of a handler (ledger MH-8). Rates are of the last second.' });
export type TransportDetails = z.infer<typeof transportDetailsSchema>;
export const transportDetailsListSchema = z.object({ transports: z.array(transportDetailsSchema) });
/** A stream that is published, and by whom. */
export const producerDetailsSchema = z.object({ transport_id: idSchema, ...producerFields });
export type ProducerDetails = z.infer<typeof producerDetailsSchema>;
export const producerDetailsListSchema = z.object({ producers: z.array(producerDetailsSchema) });
/** A subscription to a stream, and whose. */
export const consumerDetailsSchema = z.object({ transport_id: idSchema, ...consumerFields });
export type ConsumerDetails = z.infer<typeof consumerDetailsSchema>;
export const consumerDetailsListSchema = z.object({ consumers: z.array(consumerDetailsSchema) });
