// Bodies between media nodes and the global controller (ledger GC-1, GC-2, GC-6, GC-9). One shape for JSON and protobuf
// (shared/control-plane): proto field names, enum names as strings.
import * as z from 'zod';
import { certificateHashSchema, httpsUrlSchema, idSchema } from './fields.ts';

const ratio = z.number().min(0).max(1);
const count = z.int().min(0).max(1_000_000);
const bitrateBps = z.int().min(0);
/** As wide as protobuf carries it. */
const uint32 = z.int().max(0xffff_ffff);
/** Text that survives UTF-8: no lone surrogates. */
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^\P{Cs}*$/u, 'must not contain lone surrogates');

export const healthSchema = z.enum(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING', 'UNHEALTHY']);
export type Health = z.infer<typeof healthSchema>;

const nodeFields = {
  region: idSchema,
  zone: idSchema,
  webtransport_url: httpsUrlSchema.meta({ description: 'Public address, whatever the node binds to.' }),
  internal_url: httpsUrlSchema,
  certificate_hashes: z.array(certificateHashSchema).min(1).max(4),
};

const sentAtMs = z.int().min(0).optional().meta({
  description:
    'When the figures were taken, ms since the epoch by the node’s clock: what is not newer than the last one has no effect.',
});

export const registerMediaHandlerSchema = z
  .strictObject({
    handler_id: idSchema,
    ...nodeFields,
    capacity: z.strictObject({ max_streams: count.min(1), max_bandwidth_bps: bitrateBps.min(1) }),
  })
  .meta({
    id: 'RegisterMediaHandler',
    example: {
      handler_id: 'mh-1',
      region: 'eu-central-1',
      zone: 'eu-central-1a',
      webtransport_url: 'https://192.0.2.10:4433/media',
      internal_url: 'https://10.0.0.10:8443',
      certificate_hashes: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
      capacity: { max_streams: 1000, max_bandwidth_bps: 10000000000 },
    },
  });
export type RegisterMediaHandler = z.infer<typeof registerMediaHandlerSchema>;

export const mediaHandlerLoadReportSchema = z
  .strictObject({
    handler_id: idSchema,
    health: healthSchema,
    streams: count,
    cpu_ratio: ratio,
    bandwidth_in_bps: bitrateBps,
    bandwidth_out_bps: bitrateBps,
    packet_loss_ratio: ratio,
    sent_at_ms: sentAtMs,
  })
  .meta({
    id: 'MediaHandlerLoadReport',
    example: {
      handler_id: 'mh-1',
      health: 'HEALTHY',
      streams: 12,
      cpu_ratio: 0.2,
      bandwidth_in_bps: 1000000,
      bandwidth_out_bps: 9000000,
      packet_loss_ratio: 0,
    },
  });
export type MediaHandlerLoadReport = z.infer<typeof mediaHandlerLoadReportSchema>;

export const registerMeetingControllerSchema = z
  .strictObject({ controller_id: idSchema, ...nodeFields, max_meetings: count.min(1) })
  .meta({
    id: 'RegisterMeetingController',
    example: {
      controller_id: 'mc-1',
      region: 'eu-central-1',
      zone: 'eu-central-1a',
      webtransport_url: 'https://192.0.2.10:4433/signaling',
      internal_url: 'https://10.0.0.10:8443',
      certificate_hashes: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
      max_meetings: 100,
    },
  });
export type RegisterMeetingController = z.infer<typeof registerMeetingControllerSchema>;

/** A light heartbeat (ledger GC-9) carries the health alone; a full one also the figures. */
export const heartbeatSchema = z
  .strictObject({
    controller_id: idSchema,
    health: healthSchema,
    meetings: count.optional(),
    participants: count.optional(),
    cpu_ratio: ratio.optional(),
    sent_at_ms: sentAtMs,
  })
  .meta({
    id: 'Heartbeat',
    example: { controller_id: 'mc-1', health: 'HEALTHY', meetings: 3, participants: 9, cpu_ratio: 0.1 },
  });
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const nodeAnswerSchema = z
  .object({
    signing_keys_json: z
      .string()
      .meta({ description: 'JWK set (RFC 7517) that signs join and node tokens.' }),
    node_token: z
      .string()
      .meta({ description: 'Authenticates this node to other nodes; renewed with each answer.' }),
    report_interval_ms: z.int().min(1),
  })
  .meta({
    id: 'NodeAnswer',
    example: {
      signing_keys_json: '{"keys":[]}',
      node_token: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJtaC0xIn0.c2lnbmF0dXJl',
      report_interval_ms: 10000,
    },
  });
export type NodeAnswer = z.infer<typeof nodeAnswerSchema>;

/** Answer to an operator who drains a node or takes that back. */
export const nodeHealthSchema = z
  .object({
    node_id: idSchema,
    health: healthSchema,
    drained: z
      .boolean()
      .meta({ description: 'An operator drains it: no new meetings until that is taken back.' }),
  })
  .meta({ id: 'NodeHealth', example: { node_id: 'mh-1', health: 'DRAINING', drained: true } });
export type NodeHealthBody = z.infer<typeof nodeHealthSchema>;

/** Removed participants that an assignment names. */
export const MAX_REMOVED_PARTICIPANTS = 100;

/** Participants muted by a host that an assignment names: with ids of 64 characters they fit into a body beside the rest. */
export const MAX_HOST_MUTES = 300;

/** What a host has muted of a participant (ledger MC-10); nothing of either kind lifts it. */
export const hostMuteSchema = z.strictObject({
  participant_id: idSchema,
  audio: z.boolean(),
  video: z.boolean(),
});
export type HostMute = z.infer<typeof hostMuteSchema>;

const meetingConfigSchema = z.strictObject({
  display_name: text(200),
  max_participants: uint32.min(1),
  version: uint32.min(0).optional().meta({
    description: 'Grows with every change of the meeting: what is not newer than what is held has no effect.',
  }),
});

export const assignMeetingSchema = z
  .strictObject({
    meeting_id: idSchema,
    config: meetingConfigSchema,
    media_handlers: z
      .array(
        z.strictObject({
          handler_id: idSchema,
          role: z.enum(['PRIMARY', 'BACKUP']),
          webtransport_url: httpsUrlSchema,
          internal_url: httpsUrlSchema,
          certificate_hashes: z.array(certificateHashSchema).min(1),
        }),
      )
      .min(1)
      .max(8),
    generation: uint32.min(1),
    requested_by: text(64),
    removed_participant_ids: z.array(idSchema).max(MAX_REMOVED_PARTICIPANTS).optional().meta({
      description: 'Who was removed lately and is kept out, whatever token it has.',
    }),
    host_mutes: z.array(hostMuteSchema).max(MAX_HOST_MUTES).optional().meta({
      description: 'Whom hosts have muted at the controller before, and who is muted when it joins here.',
    }),
  })
  .meta({ id: 'AssignMeeting' });
export type AssignMeeting = z.infer<typeof assignMeetingSchema>;

export const assignMeetingAnswerSchema = z
  .object({
    accepted: z.boolean(),
    rejection: z.enum(['NONE', 'AT_CAPACITY', 'NODE_DRAINING', 'NODE_UNHEALTHY']),
    generation: uint32.min(0).optional().meta({ description: 'Held from now on, where it was accepted.' }),
    handler_ids: z.array(idSchema).max(8).optional().meta({
      description: 'Media handlers of the assignment that is held, the primary first; where it was accepted.',
    }),
  })
  .meta({ id: 'AssignMeetingAnswer' });
export type AssignMeetingAnswer = z.infer<typeof assignMeetingAnswerSchema>;

/** Global controller to meeting controller: a meeting was changed while it is served. */
export const updateMeetingConfigSchema = z
  .strictObject({ meeting_id: idSchema, generation: uint32.min(1), config: meetingConfigSchema })
  .meta({ id: 'UpdateMeetingConfig' });
export type UpdateMeetingConfig = z.infer<typeof updateMeetingConfigSchema>;

export const updateMeetingConfigAnswerSchema = z
  .object({ updated: z.boolean() })
  .meta({ id: 'UpdateMeetingConfigAnswer' });
export type UpdateMeetingConfigAnswer = z.infer<typeof updateMeetingConfigAnswerSchema>;

export const endMeetingSchema = z
  .strictObject({
    meeting_id: idSchema,
    generation: uint32.min(1),
    reason: text(200),
    moved: z.boolean().optional().meta({
      description: 'It goes on at another controller: its participants are to join again.',
    }),
  })
  .meta({ id: 'EndMeeting' });
export type EndMeeting = z.infer<typeof endMeetingSchema>;

export const endMeetingAnswerSchema = z
  .object({ ended: z.boolean() })
  .meta({ id: 'EndMeetingAnswer', example: { ended: true } });
export type EndMeetingAnswer = z.infer<typeof endMeetingAnswerSchema>;

/** Global controller to meeting controller: takes a participant out for good, whether it is there or not. */
export const removeParticipantSchema = z
  .strictObject({
    meeting_id: idSchema,
    generation: uint32.min(1),
    participant_id: idSchema,
    reason: text(200),
  })
  .meta({ id: 'RemoveParticipant' });
export type RemoveParticipant = z.infer<typeof removeParticipantSchema>;

export const removeParticipantAnswerSchema = z
  .object({ removed: z.boolean() })
  .meta({ id: 'RemoveParticipantAnswer' });
export type RemoveParticipantAnswer = z.infer<typeof removeParticipantAnswerSchema>;

export const listParticipantsSchema = z
  .strictObject({ meeting_id: idSchema, generation: uint32.min(1) })
  .meta({ id: 'ListParticipants' });
export type ListParticipants = z.infer<typeof listParticipantsSchema>;

export const listParticipantsAnswerSchema = z
  .object({
    participants: z.array(
      z.object({
        participant_id: idSchema,
        user_id: uint32,
        display_name: z.string(),
        joined_at_ms: z.number(),
      }),
    ),
  })
  .meta({ id: 'ListParticipantsAnswer' });
export type ListParticipantsAnswer = z.infer<typeof listParticipantsAnswerSchema>;
