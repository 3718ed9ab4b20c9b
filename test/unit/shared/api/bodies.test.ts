import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import * as handler from '../../../../shared/api/handler.ts';
import * as meeting from '../../../../shared/api/meeting.ts';
import * as node from '../../../../shared/api/node.ts';

const hash = `${'A'.repeat(43)}=`;
const place = {
  region: 'eu-west-1',
  zone: 'eu-west-1a',
  webtransport_url: 'https://192.0.2.1:4433',
  internal_url: 'https://10.0.0.1:8443',
  certificate_hashes: [hash],
};
const assignment = {
  handler_id: 'mh-1',
  role: 'PRIMARY',
  webtransport_url: 'https://192.0.2.1:4433',
  internal_url: 'https://10.0.0.1:8443',
  certificate_hashes: [hash],
};

/** Every request body: its schema and a body that it takes as it is. */
const requests: Readonly<Record<string, readonly [ZodType, Readonly<Record<string, unknown>>]>> = {
  createMeeting: [
    meeting.createMeetingSchema,
    { meeting_id: 'weekly', display_name: 'Weekly', max_participants: 12, allow_guests: true },
  ],
  joinMeeting: [meeting.joinMeetingSchema, { display_name: 'Ada' }],
  registerMediaHandler: [
    node.registerMediaHandlerSchema,
    { handler_id: 'mh-1', ...place, capacity: { max_streams: 1_000, max_bandwidth_bps: 10_000_000_000 } },
  ],
  mediaHandlerLoadReport: [
    node.mediaHandlerLoadReportSchema,
    {
      handler_id: 'mh-1',
      health: 'HEALTHY',
      streams: 0,
      cpu_ratio: 0,
      bandwidth_in_bps: 0,
      bandwidth_out_bps: 0,
      packet_loss_ratio: 1,
    },
  ],
  registerMeetingController: [
    node.registerMeetingControllerSchema,
    { controller_id: 'mc-1', ...place, max_meetings: 500 },
  ],
  heartbeat: [node.heartbeatSchema, { controller_id: 'mc-1', health: 'DRAINING' }],
  assignMeeting: [
    node.assignMeetingSchema,
    {
      meeting_id: 'weekly',
      config: { display_name: 'Weekly', max_participants: 12 },
      media_handlers: [assignment],
      generation: 1,
      requested_by: 'gc',
    },
  ],
  endMeeting: [node.endMeetingSchema, { meeting_id: 'weekly', generation: 1, reason: 'asked' }],
  createRouter: [handler.createRouterSchema, { meeting_id: 'weekly', generation: 1 }],
  createTransports: [
    handler.createTransportsSchema,
    { transports: [{ participant_id: 'p-1', user_id: 0xffff_ffff }] },
  ],
  createProducers: [
    handler.createProducersSchema,
    { producers: [{ transport_id: 't-1', stream_id: 1, kind: 'video', spatial_layer: 2 }] },
  ],
  createConsumers: [
    handler.createConsumersSchema,
    { consumers: [{ transport_id: 't-1', producer_id: 'pr-1' }] },
  ],
};

/** Objects inside a value, by path, the value itself first. */
function objectsIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    objectsIn(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return Array.isArray(value) ? inner : [path, ...inner];
}

/** A copy with one field set at a path. */
function withField(
  body: unknown,
  path: readonly (string | number)[],
  field: string,
  value: unknown,
): unknown {
  const copy = structuredClone(body);
  const target = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
  (target as Record<string, unknown>)[field] = value;
  return copy;
}

function accepts(name: string, change: Readonly<Record<string, unknown>>): boolean {
  const [schema, body] = requests[name] ?? [];
  return schema?.safeParse({ ...body, ...change }).success ?? false;
}

describe('request bodies', () => {
  it.each(Object.entries(requests))('GC-14 %s takes a good body as it is', (_name, [schema, body]) => {
    expect(schema.parse(body)).toEqual(body);
  });

  it.each(Object.entries(requests))(
    'GC-1 %s refuses unknown fields at every depth',
    (_name, [schema, body]) => {
      for (const path of objectsIn(body)) {
        const result = schema.safeParse(withField(body, path, 'surprise', 1));
        expect(result.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', path });
      }
    },
  );

  it.each(Object.entries(requests))('GC-14 %s refuses what is not an object', (_name, [schema]) => {
    for (const value of [undefined, null, [], 'x', 1, true])
      expect(schema.safeParse(value).success).toBe(false);
  });

  it.each([
    ['createMeeting', 'max_participants', [1, 1_000], [0, 1_001, 1.5, '12', null]],
    ['createMeeting', 'display_name', ['a'.repeat(80)], ['', 'a'.repeat(81), 'a\nb']],
    [
      'registerMediaHandler',
      'certificate_hashes',
      [[hash, hash, hash, hash]],
      [[], Array(5).fill(hash), hash],
    ],
    [
      'registerMediaHandler',
      'capacity',
      [{ max_streams: 1_000_000, max_bandwidth_bps: 1 }],
      [
        { max_streams: 0, max_bandwidth_bps: 1 },
        { max_streams: 1_000_001, max_bandwidth_bps: 1 },
        { max_streams: 1, max_bandwidth_bps: 0 },
        { max_streams: 1, max_bandwidth_bps: 2 ** 53 },
        { max_streams: 1 },
        null,
      ],
    ],
    ['mediaHandlerLoadReport', 'cpu_ratio', [0, 0.5, 1], [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]],
    ['mediaHandlerLoadReport', 'health', ['PENDING', 'UNHEALTHY'], ['healthy', 1, '']],
    ['registerMeetingController', 'max_meetings', [1, 1_000_000], [0, 1_000_001]],
    ['heartbeat', 'meetings', [undefined, 0, 1_000_000], [-1, null, 0.5]],
    ['assignMeeting', 'media_handlers', [Array(8).fill(assignment)], [[], Array(9).fill(assignment)]],
    ['assignMeeting', 'generation', [1, 0xffff_ffff], [0, -1, 2 ** 32, 1.5]],
    ['assignMeeting', 'requested_by', ['', 'a'.repeat(64)], ['a'.repeat(65), '\ud800']],
    ['endMeeting', 'reason', ['', 'a'.repeat(200)], ['a'.repeat(201)]],
    [
      'createTransports',
      'transports',
      [Array(256).fill({ participant_id: 'p', user_id: 1 })],
      [
        [],
        Array(257).fill({ participant_id: 'p', user_id: 1 }),
        [{ participant_id: 'p', user_id: 0 }],
        [{ participant_id: 'p', user_id: 2 ** 32 }],
      ],
    ],
  ] as const)('GC-1 %s keeps %s within its limits', (name, field, good, bad) => {
    for (const value of good) expect([value, accepts(name, { [field]: value })]).toEqual([value, true]);
    for (const value of bad) expect([value, accepts(name, { [field]: value })]).toEqual([value, false]);
  });

  it('GC-14 fills in what a caller may leave out', () => {
    expect(meeting.createMeetingSchema.parse({})).toEqual({ max_participants: 100, allow_guests: false });
    expect(
      handler.createProducersSchema.parse({
        producers: [{ transport_id: 't', stream_id: 1, kind: 'audio' }],
      }),
    ).toEqual({ producers: [{ transport_id: 't', stream_id: 1, kind: 'audio', spatial_layer: 0 }] });
  });

  it('GC-14 reads a page of a list from query text', () => {
    expect(meeting.listMeetingsQuerySchema.parse({})).toEqual({ limit: 50 });
    expect(meeting.listMeetingsQuerySchema.parse({ limit: '100', status: 'ended', cursor: 'x' })).toEqual({
      limit: 100,
      status: 'ended',
      cursor: 'x',
    });
    for (const query of [
      { limit: '0' },
      { limit: '101' },
      { limit: '' },
      { limit: 'x' },
      { limit: '1.5' },
      { status: 'gone' },
      { cursor: 'a'.repeat(1_025) },
    ])
      expect([query, meeting.listMeetingsQuerySchema.safeParse(query).success]).toEqual([query, false]);
  });
});
