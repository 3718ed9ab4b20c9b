import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import * as notice from '../../../../shared/api/controllerNotice.ts';
import * as node from '../../../../shared/api/node.ts';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type NodeMessageName,
} from '../../../../shared/control-plane/messages.ts';
import { ascii, hex } from '../hex.ts';
import { holds } from '../holds.ts';

const hash = `${'A'.repeat(43)}=`;

const reportBytes = hex(
  '0a 04', //                  1 handler_id: 4 bytes
  ascii('mh-1'),
  '10 01', //                  2 health: HEALTHY
  '18 0a', //                  3 streams
  '21 000000000000e03f', //    4 cpu_ratio: double 0.5, little-endian
  '28 80dac409', //            5 bandwidth_in_bps: varint 20,000,000
  '30 8080808080 01', //       6 bandwidth_out_bps: varint 2^35
  '39 000000000000d03f', //    7 packet_loss_ratio: double 0.25
);
const report: node.MediaHandlerLoadReport = {
  handler_id: 'mh-1',
  health: 'HEALTHY',
  streams: 10,
  cpu_ratio: 0.5,
  bandwidth_in_bps: 20_000_000,
  bandwidth_out_bps: 2 ** 35,
  packet_loss_ratio: 0.25,
};

const id = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/);
const url = fc.webUrl({ validSchemes: ['https'], size: 'small' }).filter((text) => text.length <= 255);
const count = fc.integer({ min: 0, max: 1_000_000 });
const positive = fc.integer({ min: 1, max: 0xffff_ffff });
const ratio = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength }).filter((value) => value.length <= maxLength);
const health = fc.constantFrom(...node.healthSchema.options);
const hashes = fc.array(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  { minLength: 1, maxLength: 4 },
);
const place = { region: id, zone: id, webtransport_url: url, internal_url: url, certificate_hashes: hashes };

const meetingConfig = fc.record(
  { display_name: text(200), max_participants: positive, version: count },
  { requiredKeys: ['display_name', 'max_participants'] },
);

const bodies: Readonly<Record<NodeMessageName, readonly [ZodType, fc.Arbitrary<object>]>> = {
  RegisterMediaHandler: [
    node.registerMediaHandlerSchema,
    fc.record({
      handler_id: id,
      ...place,
      capacity: fc.record({
        max_streams: fc.integer({ min: 1, max: 1_000_000 }),
        max_bandwidth_bps: fc.maxSafeNat().map((value) => Math.max(value, 1)),
      }),
    }),
  ],
  MediaHandlerLoadReport: [
    node.mediaHandlerLoadReportSchema,
    fc.record({
      handler_id: id,
      health,
      streams: count,
      cpu_ratio: ratio,
      bandwidth_in_bps: fc.maxSafeNat(),
      bandwidth_out_bps: fc.maxSafeNat(),
      packet_loss_ratio: ratio,
    }),
  ],
  RegisterMeetingController: [
    node.registerMeetingControllerSchema,
    fc.record({ controller_id: id, ...place, max_meetings: fc.integer({ min: 1, max: 1_000_000 }) }),
  ],
  Heartbeat: [
    node.heartbeatSchema,
    fc.record(
      { controller_id: id, health, meetings: count, participants: count, cpu_ratio: ratio },
      { requiredKeys: ['controller_id', 'health'] },
    ),
  ],
  NodeAnswer: [
    node.nodeAnswerSchema,
    fc.record({ signing_keys_json: text(90), node_token: text(90), report_interval_ms: positive }),
  ],
  AssignMeeting: [
    node.assignMeetingSchema,
    fc.record({
      meeting_id: id,
      config: meetingConfig,
      media_handlers: fc.array(
        fc.record({
          handler_id: id,
          role: fc.constantFrom('PRIMARY', 'BACKUP'),
          webtransport_url: url,
          internal_url: url,
          certificate_hashes: hashes,
        }),
        { minLength: 1, maxLength: 8 },
      ),
      generation: positive,
      requested_by: text(64),
      removed_participant_ids: fc.array(id, { maxLength: 5 }),
      host_mutes: fc.array(fc.record({ participant_id: id, audio: fc.boolean(), video: fc.boolean() }), {
        maxLength: 5,
      }),
    }),
  ],
  UpdateMeetingConfig: [
    node.updateMeetingConfigSchema,
    fc.record({ meeting_id: id, generation: positive, config: meetingConfig }),
  ],
  UpdateMeetingConfigAnswer: [node.updateMeetingConfigAnswerSchema, fc.record({ updated: fc.boolean() })],
  AssignMeetingAnswer: [
    node.assignMeetingAnswerSchema,
    fc.record({
      accepted: fc.boolean(),
      rejection: fc.constantFrom(...node.assignMeetingAnswerSchema.shape.rejection.options),
      generation: positive,
      handler_ids: fc.array(id, { maxLength: 8 }),
    }),
  ],
  RequestMhReplacement: [
    notice.requestMhReplacementSchema,
    fc.record({
      controller_id: id,
      meeting_id: id,
      generation: positive,
      failed: fc.array(fc.record({ handler_id: id, reason: text(200) }), { minLength: 1, maxLength: 8 }),
    }),
  ],
  MhReplacement: [
    notice.mhReplacementSchema,
    fc.record({
      generation: positive,
      media_handlers: fc.array(
        fc.record({
          handler_id: id,
          role: fc.constantFrom('PRIMARY', 'BACKUP'),
          webtransport_url: url,
          internal_url: url,
          certificate_hashes: hashes,
        }),
        { minLength: 1, maxLength: 8 },
      ),
    }),
  ],
  MeetingPresence: [
    notice.meetingPresenceSchema,
    fc.record({
      controller_id: id,
      meetings: fc.array(
        fc.record({
          meeting_id: id,
          generation: positive,
          participants: count,
          empty_for_ms: fc.maxSafeNat(),
        }),
        { maxLength: 20 },
      ),
    }),
  ],
  PresenceAnswer: [
    notice.presenceAnswerSchema,
    fc.record({
      counted: count,
      superseded: fc.array(fc.record({ meeting_id: id, generation: positive }), { maxLength: 3 }),
    }),
  ],
  EndedMeeting: [
    notice.endedMeetingSchema,
    fc.record({ controller_id: id, meeting_id: id, generation: positive }),
  ],
  HostMuteNotice: [
    notice.hostMuteNoticeSchema,
    fc.record({
      controller_id: id,
      meeting_id: id,
      generation: positive,
      participant_id: id,
      audio: fc.boolean(),
      video: fc.boolean(),
    }),
  ],
  HostMuteAnswer: [notice.hostMuteAnswerSchema, fc.record({ noted: fc.boolean() })],
  EndMeeting: [node.endMeetingSchema, fc.record({ meeting_id: id, generation: positive, reason: text(200) })],
  EndMeetingAnswer: [node.endMeetingAnswerSchema, fc.record({ ended: fc.boolean() })],
  RemoveParticipant: [
    node.removeParticipantSchema,
    fc.record({ meeting_id: id, generation: positive, participant_id: id, reason: text(200) }),
  ],
  RemoveParticipantAnswer: [node.removeParticipantAnswerSchema, fc.record({ removed: fc.boolean() })],
  ListParticipants: [node.listParticipantsSchema, fc.record({ meeting_id: id, generation: positive })],
  ListParticipantsAnswer: [
    node.listParticipantsAnswerSchema,
    fc.record({
      participants: fc.array(
        fc.record({
          participant_id: id,
          user_id: positive,
          display_name: text(80),
          joined_at_ms: fc.maxSafeNat(),
        }),
      ),
    }),
  ],
};

function decoded(name: NodeMessageName, bytes: Uint8Array): Record<string, unknown> {
  const result = decodeNodeMessage(name, bytes);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

describe('control plane messages', () => {
  it('GC-1 travel as the golden bytes, and come back as the JSON body', () => {
    expect(encodeNodeMessage('MediaHandlerLoadReport', report)).toEqual(reportBytes);
    expect(decoded('MediaHandlerLoadReport', reportBytes)).toEqual(report);
  });

  it.each(Object.keys(bodies) as NodeMessageName[])(
    'GC-1 %s is one value to its schema, as JSON and as protobuf, for everything that the schema takes',
    (name) => {
      const [schema, body] = bodies[name];
      holds(
        fc.property(body, (value) => {
          const fromJson = schema.parse(JSON.parse(JSON.stringify(value)));
          const bytes = encodeNodeMessage(name, fromJson as object);
          expect(schema.parse(decoded(name, bytes))).toEqual(fromJson);
        }),
      );
    },
  );

  it('GC-2 reads zeros that proto3 leaves out: an idle handler reports itself', () => {
    const bytes = hex('0a 04', ascii('mh-1'), '10 01');
    expect(node.mediaHandlerLoadReportSchema.parse(decoded('MediaHandlerLoadReport', bytes))).toEqual({
      ...report,
      streams: 0,
      cpu_ratio: 0,
      bandwidth_in_bps: 0,
      bandwidth_out_bps: 0,
      packet_loss_ratio: 0,
    });
  });

  it('GC-9 tells a light heartbeat from a full one whose figures are zero', () => {
    const light = { controller_id: 'mc-1', health: 'HEALTHY' };
    const full = { ...light, meetings: 0, participants: 0, cpu_ratio: 0 };
    expect(decoded('Heartbeat', encodeNodeMessage('Heartbeat', light))).toEqual(light);
    expect(decoded('Heartbeat', encodeNodeMessage('Heartbeat', full))).toEqual(full);
  });

  it('GC-1 leaves it to the schema to refuse what is missing or has no name', () => {
    const empty = decoded('RegisterMediaHandler', new Uint8Array(0));
    expect(node.registerMediaHandlerSchema.safeParse(empty).success).toBe(false);
    const withoutCapacity = encodeNodeMessage('RegisterMediaHandler', {
      handler_id: 'mh-1',
      region: 'local',
      zone: 'a',
      webtransport_url: 'https://h',
      internal_url: 'https://h',
      certificate_hashes: [hash],
    });
    const refused = node.registerMediaHandlerSchema.safeParse(
      decoded('RegisterMediaHandler', withoutCapacity),
    );
    expect(refused.error?.issues.map((issue) => issue.path)).toEqual([['capacity']]);
    const unnamed = decoded('Heartbeat', hex('0a 01', ascii('x'), '10 09'));
    expect(unnamed['health']).toBe(9);
    expect(node.heartbeatSchema.safeParse(unnamed).success).toBe(false);
  });

  it('GC-1 answers a reason to bytes that are no message', () => {
    const result = decodeNodeMessage('MediaHandlerLoadReport', reportBytes.subarray(0, 20));
    expect(!result.ok && result.reason).toMatch(/^Not a MediaHandlerLoadReport message: /);
  });
});
