import { describe, expect, it } from 'vitest';
import * as node from '../../../shared/api/node.ts';
import type { Result } from '../../../shared/base/result.ts';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type NodeMessageName,
} from '../../../shared/control-plane/messages.ts';
import {
  decodeMediaClientMessage,
  decodeMediaServerMessage,
  frameMediaClientMessage,
  frameMediaServerMessage,
} from '../../../shared/media-session/messages.ts';
import { LENGTH_BYTES, MAX_MESSAGE_BYTES } from '../../../shared/signaling/framing.ts';
import {
  decodeClientMessage,
  decodeServerMessage,
  frameClientMessage,
  frameServerMessage,
} from '../../../shared/signaling/messages.ts';
import { everyCase, hostileInput } from './inputs.ts';

const body = (framed: Uint8Array): Uint8Array => framed.subarray(LENGTH_BYTES);
const streamInfo = { userId: 7, streamId: 11, codec: 'vp8', width: 640, height: 360, bitrateBps: 1_000_000 };
const participant = {
  participantId: 'p-1',
  userId: 7,
  displayName: 'Ada',
  joinedAtMs: 1_795_262_400_000,
  streams: [streamInfo, streamInfo],
};

type Decode = (bytes: Uint8Array) => Result<object>;
const decoders: Readonly<Record<string, readonly [Decode, readonly Uint8Array[]]>> = {
  decodeClientMessage: [
    decodeClientMessage,
    [
      { sequence: 1, join: { joinToken: 'token', clientName: 'page' } },
      { sequence: 2, publishStream: { info: streamInfo } },
      { sequence: 3, subscribeStream: { userId: 7, streamId: 11 } },
      { sequence: 4, mute: { audioMuted: true } },
      { sequence: 5, heartbeat: { sentAtMs: 1_795_262_400_000 } },
      { sequence: 6, leave: {} },
    ].map((message) => body(frameClientMessage(message))),
  ],
  decodeServerMessage: [
    decodeServerMessage,
    [
      {
        replyTo: 1,
        joinResponse: {
          meetingId: 'weekly',
          self: participant,
          participants: [participant, participant],
          mediaServers: [{ url: 'https://h', certificateHashes: [new Uint8Array(32)], tokenExpiresAtMs: 1 }],
        },
      },
      { streamPublished: { info: streamInfo } },
      { participantLeft: { participantId: 'p-1', reason: 2 } },
      { replyTo: 3, error: { code: 4, message: 'Meeting has ended' } },
    ].map((message) => body(frameServerMessage(message))),
  ],
  decodeMediaClientMessage: [
    decodeMediaClientMessage,
    [
      { auth: { connectionToken: 'token' } },
      { keyFrameRequest: { userId: 7, streamId: 11 } },
      {
        layerChange: { userId: 7, streamId: 11, preferredSpatialLayer: 2, maxTemporalLayer: 7, priority: 1 },
      },
      {
        receiverReport: {
          intervalMs: 1_000,
          busyUs: 20_000,
          streams: [
            {
              userId: 7,
              streamId: 11,
              highestSequence: 2 ** 40,
              bytes: 2 ** 40,
              transits: [{ window: 13_600_000_000, leastUs: -1_699_999_999_000_000 }],
            },
          ],
        },
      },
    ].map((message) => body(frameMediaClientMessage(message))),
  ],
  decodeMediaServerMessage: [
    decodeMediaServerMessage,
    [
      { authOk: { userId: 7, maxDatagramBytes: 1_100 } },
      { refused: { code: 'UNAUTHORIZED', message: 'no' } },
      { layerDemand: { streamId: 11, wanted: true } },
      {
        streamQuality: {
          reason: 1,
          roundTripMs: 210,
          lossPerMille: 60,
          deliveredBps: 400_000,
          budgetBps: 340_000,
        },
      },
    ].map((message) => body(frameMediaServerMessage(message))),
  ],
};

/** The deepest nesting that fits a message: group starts (field 1, wire type 3), which a parser skips one inside the other. */
const nestedGroups = new Uint8Array(MAX_MESSAGE_BYTES).fill(0x0b);

describe('message decoders under hostile input', () => {
  it.each(Object.entries(decoders))(
    'MH-10 %s answers a message or a reason to everything',
    (_name, [decode, valid]) => {
      const outcomes = { true: 0, false: 0 };
      everyCase(7, (random) => {
        const result = decode(hostileInput(random, valid, 300));
        if (!result.ok && result.reason === '') throw new Error('no reason');
        outcomes[`${result.ok}`]++;
      });
      expect(outcomes.true).toBeGreaterThan(1_000);
      expect(outcomes.false).toBeGreaterThan(1_000);
    },
    60_000,
  );

  it.each(Object.entries(decoders))(
    'MH-10 %s answers to the largest message, nested as deep as it goes and of as many parts as fit',
    (_name, [decode, valid]) => {
      expect(decode(nestedGroups).ok).toBe(false);
      const [first = new Uint8Array(1)] = valid;
      const repeated = new Uint8Array(MAX_MESSAGE_BYTES).map((_, i) => first[i % first.length] ?? 0);
      for (const bytes of [repeated, new Uint8Array(MAX_MESSAGE_BYTES), new Uint8Array(0)])
        expect(typeof decode(bytes).ok).toBe('boolean');
    },
  );

  it('MH-10 decodeNodeMessage and the schemas answer to everything, so that the bodies of nodes cannot throw', () => {
    const valid = [
      encodeNodeMessage('RegisterMediaHandler', {
        handler_id: 'mh-1',
        region: 'local',
        zone: 'a',
        webtransport_url: 'https://h:1',
        internal_url: 'https://h:2',
        certificate_hashes: [`${'A'.repeat(43)}=`],
        capacity: { max_streams: 10, max_bandwidth_bps: 2 ** 40 },
      }),
      encodeNodeMessage('MediaHandlerLoadReport', { handler_id: 'mh-1', health: 'HEALTHY', cpu_ratio: 0.5 }),
      encodeNodeMessage('AssignMeeting', {
        meeting_id: 'm',
        config: { display_name: 'm', max_participants: 2 },
        media_handlers: [{ handler_id: 'mh-1', role: 'BACKUP', webtransport_url: 'https://h' }],
        generation: 1,
      }),
    ];
    const schemas = {
      RegisterMediaHandler: node.registerMediaHandlerSchema,
      MediaHandlerLoadReport: node.mediaHandlerLoadReportSchema,
      AssignMeeting: node.assignMeetingSchema,
    } satisfies Partial<Record<NodeMessageName, unknown>>;
    const names = Object.keys(schemas) as (keyof typeof schemas)[];
    let accepted = 0;
    everyCase(8, (random) => {
      const name = random.pick(names);
      const result = decodeNodeMessage(name, hostileInput(random, valid, 200));
      if (result.ok && schemas[name].safeParse(result.value).success) accepted++;
    });
    expect(accepted).toBeGreaterThan(100);
  }, 60_000);
});
