// What meeting controllers tell and ask the global controller of the meetings that they serve (ledger GC-11, GC-13,
// GC-17). One shape for JSON and protobuf, as in node.ts. All are fenced by the assignment's generation.
import * as z from 'zod';
import { idSchema } from './fields.ts';
import { assignMeetingSchema, hostMuteSchema } from './node.ts';

const generation = z.int().min(1).max(0xffff_ffff);

/** A meeting without participants for this long ends (ledger GC-13). */
export const EMPTY_MEETING_LIMIT_MS = 3_600_000;
/** Entries of one notice: with ids of 64 characters they fit into a body of 64 KiB. */
export const MAX_PRESENCE_ENTRIES = 500;
export const MAX_FAILED_HANDLERS = 8;

export const requestMhReplacementSchema = z
  .strictObject({
    controller_id: idSchema,
    meeting_id: idSchema,
    generation,
    failed: z
      .array(
        z.strictObject({
          handler_id: idSchema,
          reason: z
            .string()
            .max(200)
            .regex(/^\P{Cs}*$/u, 'must not contain lone surrogates'),
        }),
      )
      .min(1)
      .max(MAX_FAILED_HANDLERS),
  })
  .meta({
    id: 'RequestMhReplacement',
    example: {
      controller_id: 'mc-1',
      meeting_id: 'kbq4-w7ps-m2xn',
      generation: 1,
      failed: [{ handler_id: 'mh-1', reason: 'Worker is gone' }],
    },
  });
export type RequestMhReplacement = z.infer<typeof requestMhReplacementSchema>;

export const mhReplacementSchema = z
  .object({ generation, media_handlers: assignMeetingSchema.shape.media_handlers })
  .meta({
    id: 'MhReplacement',
    description: 'Who serves the meeting from now on, ranked, as in an assignment.',
    example: {
      generation: 1,
      media_handlers: [
        {
          handler_id: 'mh-2',
          role: 'PRIMARY',
          webtransport_url: 'https://192.0.2.12:4433/media',
          internal_url: 'https://10.0.0.12:8443',
          certificate_hashes: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
        },
      ],
    },
  });
export type MhReplacement = z.infer<typeof mhReplacementSchema>;

export const presenceEntrySchema = z.strictObject({
  meeting_id: idSchema,
  generation,
  participants: z.int().min(0).max(1_000_000),
  empty_for_ms: z.int().min(0).meta({
    description: 'Time since the last participant left, or since the assignment; 0 with participants.',
  }),
});
export type PresenceEntry = z.infer<typeof presenceEntrySchema>;

export const meetingPresenceSchema = z
  .strictObject({
    controller_id: idSchema,
    meetings: z.array(presenceEntrySchema).max(MAX_PRESENCE_ENTRIES),
  })
  .meta({
    id: 'MeetingPresence',
    example: {
      controller_id: 'mc-1',
      meetings: [{ meeting_id: 'kbq4-w7ps-m2xn', generation: 1, participants: 3, empty_for_ms: 0 }],
    },
  });
export type MeetingPresence = z.infer<typeof meetingPresenceSchema>;

const supersededMeetingSchema = z.object({ meeting_id: idSchema, generation });
export type SupersededMeeting = z.infer<typeof supersededMeetingSchema>;

export const presenceAnswerSchema = z
  .object({
    counted: z.int().min(0),
    superseded: z.array(supersededMeetingSchema).max(MAX_PRESENCE_ENTRIES).optional().meta({
      description:
        'Meetings of the notice that others serve now, in this generation: the controller lets them go.',
    }),
  })
  .meta({ id: 'PresenceAnswer', example: { counted: 1 } });

/** The controller's word that a meeting has ended (ledger GC-13). */
export const endedMeetingSchema = z
  .strictObject({ controller_id: idSchema, meeting_id: idSchema, generation })
  .meta({
    id: 'EndedMeeting',
    example: { controller_id: 'mc-1', meeting_id: 'kbq4-w7ps-m2xn', generation: 1 },
  });
export type EndedMeetingNotice = z.infer<typeof endedMeetingSchema>;

/** The controller's word that a host has muted a participant, or lifted it: the next controller is told (ledger MC-8). */
export const hostMuteNoticeSchema = z
  .strictObject({ controller_id: idSchema, meeting_id: idSchema, generation, ...hostMuteSchema.shape })
  .meta({
    id: 'HostMuteNotice',
    example: {
      controller_id: 'mc-1',
      meeting_id: 'kbq4-w7ps-m2xn',
      generation: 1,
      participant_id: '0b9f2c1e-6a41-4f0e-9f58-0d7f6f6c1a52',
      audio: true,
      video: false,
    },
  });
export type HostMuteNotice = z.infer<typeof hostMuteNoticeSchema>;

export const hostMuteAnswerSchema = z
  .object({
    noted: z.boolean().meta({ description: 'False where a later assignment of the meeting has said more.' }),
  })
  .meta({ id: 'HostMuteAnswer', example: { noted: true } });
export type HostMuteAnswer = z.infer<typeof hostMuteAnswerSchema>;

export const unreachableAnswerSchema = z
  .object({
    outcome: z.enum(['counted', 'moved', 'obsolete']).meta({
      description:
        '`counted`: more participants must say so. `moved`: the meeting has another controller: join again. `obsolete`: the token is of an assignment that is over: join again.',
    }),
    reports: z.int().min(0).meta({ description: 'Participants that have said so lately.' }),
    needed: z.int().min(1).meta({
      description: 'Participants that must say so, unless the controller is found gone.',
    }),
  })
  .meta({ id: 'UnreachableAnswer', example: { outcome: 'counted', reports: 1, needed: 2 } });
export type UnreachableAnswer = z.infer<typeof unreachableAnswerSchema>;
