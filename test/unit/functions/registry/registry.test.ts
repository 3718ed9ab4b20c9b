import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeAnswerSchema } from '../../../../shared/api/node.ts';
import { controlPlane as messages } from '../../../../shared/control-plane/messages.ts';
import { MEDIA_HANDLER_AUDIENCE, verifyNodeToken } from '../../../../shared/token/nodeToken.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import {
  ControlPlane,
  certificateHash,
  controllerRegistration,
  handlerRegistration,
  loadReport,
  NODE_TOKEN,
  REGION,
} from '../support/ControlPlane.ts';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
});

afterEach(async () => {
  await plane.stop();
});

function postProtobuf(path: string, body: Uint8Array): Promise<Response> {
  return Promise.resolve(
    plane.app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${NODE_TOKEN}` },
      body: Uint8Array.from(body),
    }),
  );
}

/** Ids of the handlers that may take meetings, in order. */
async function open(): Promise<string[]> {
  const nodes = await plane.stores.handlers.list({ region: REGION, place: 'open', limit: 100 });
  return nodes.map(({ node }) => node.id);
}

describe('registration', () => {
  it('GC-1 answers keys, a token for media handlers and the interval of reports', async () => {
    const response = await plane.post('/api/v1/media-handlers', handlerRegistration('mh-1'));
    expect(response.status).toBe(200);
    const answer = nodeAnswerSchema.parse(await response.json());
    expect(answer.report_interval_ms).toBe(10_000);
    expect(answer.signing_keys_json).not.toContain('"d"');
    const keys = keySetResolver(JSON.parse(answer.signing_keys_json));
    const now = new Date(plane.clock.nowMs);
    expect(await verifyNodeToken(answer.node_token, keys, MEDIA_HANDLER_AUDIENCE, now)).toEqual({
      ok: true,
      value: 'mh-1',
    });
  });

  it('GC-1 takes protobuf and JSON alike and keeps the same of both', async () => {
    const registration = handlerRegistration('mh-1');
    const body = messages.RegisterMediaHandler.encode(messages.RegisterMediaHandler.fromObject(registration));
    const response = await postProtobuf('/api/v1/media-handlers', body.finish());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    const answer = messages.NodeAnswer.decode(new Uint8Array(await response.arrayBuffer()));
    expect(nodeAnswerSchema.safeParse(messages.NodeAnswer.toObject(answer)).success).toBe(true);
    const fromProtobuf = await plane.stores.handlers.get('mh-1');
    await plane.post('/api/v1/media-handlers', registration);
    const fromJson = await plane.stores.handlers.get('mh-1');
    expect(fromProtobuf?.registration).toEqual(registration);
    expect(fromJson?.registration).toEqual(registration);
  });

  it('GC-1 replaces what was known, figures and health included', async () => {
    await plane.addHandler('mh-1', { zone: 'old' });
    await plane.reportHandler('mh-1', { streams: 99 });
    const before = await plane.stores.handlers.get('mh-1');
    await plane.post('/api/v1/media-handlers', handlerRegistration('mh-1', { zone: 'new' }));
    const after = await plane.stores.handlers.get('mh-1');
    expect(after).toMatchObject({ health: { state: 'PENDING' }, load: {}, registration: { zone: 'new' } });
    expect(after?.load).toEqual({});
    expect(after?.registrationId).not.toBe(before?.registrationId);
    expect(await open()).toEqual([]);
  });

  it.each([
    ['an id with a slash', { handler_id: 'a/b' }],
    ['an id of 65 characters', { handler_id: 'x'.repeat(65) }],
    ['an empty id', { handler_id: '' }],
    ['a plain http endpoint', { internal_url: 'http://mh-1.internal' }],
    ['an endpoint of 256 characters', { webtransport_url: `https://mh/${'x'.repeat(245)}` }],
    ['an endpoint with a password', { webtransport_url: 'https://me:secret@mh-1' }],
    ['no certificate hash', { certificate_hashes: [] }],
    ['a certificate hash that is too short', { certificate_hashes: ['AAAA'] }],
    ['no capacity', { capacity: { max_streams: 0, max_bandwidth_bps: 1 } }],
    ['a field that is not known', { colour: 'blue' }],
  ])('GC-1 refuses %s', async (_name, overrides) => {
    const response = await plane.post('/api/v1/media-handlers', handlerRegistration('mh-1', overrides));
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { code: string; details: { issues: unknown[] } } };
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.details.issues).toMatchObject([{ in: 'body' }]);
    expect(await plane.stores.handlers.get('mh-1')).toBe(undefined);
  });

  it('GC-1 keeps a handler and a controller of the same id apart', async () => {
    await plane.addHandler('node-1');
    await plane.addController('node-1');
    expect((await plane.stores.handlers.get('node-1'))?.registration).toEqual(handlerRegistration('node-1'));
    expect((await plane.stores.controllers.get('node-1'))?.registration).toEqual(
      controllerRegistration('node-1'),
    );
  });
});

describe('reports', () => {
  it('GC-2 refuses the report of a handler that is not registered, so that it registers', async () => {
    const response = await plane.post('/api/v1/media-handlers/mh-9/load-reports', loadReport('mh-9'));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: {
        code: 'NOT_FOUND',
        message: 'No media handler "mh-9" is registered: register again, then report',
      },
    });
    expect(await plane.stores.handlers.get('mh-9')).toBe(undefined);
  });

  it('GC-9 refuses the heartbeat of a controller that is not registered', async () => {
    const path = '/api/v1/meeting-controllers/mc-9/heartbeats';
    const response = await plane.post(path, { controller_id: 'mc-9', health: 'HEALTHY' });
    expect(response.status).toBe(404);
  });

  it('GC-2 keeps all figures of a report', async () => {
    await plane.addHandler('mh-1');
    const figures = {
      streams: 7,
      cpu_ratio: 0.25,
      bandwidth_in_bps: 1_000_000,
      bandwidth_out_bps: 2 ** 40,
      packet_loss_ratio: 0.015,
    };
    plane.clock.advance(10_000);
    await plane.reportHandler('mh-1', { ...figures, health: 'DEGRADED' });
    expect(await plane.stores.handlers.get('mh-1')).toMatchObject({
      health: { state: 'DEGRADED', atMs: plane.clock.nowMs },
      load: figures,
    });
  });

  it('GC-9 keeps the figures of the full heartbeat through light ones, in JSON and protobuf', async () => {
    await plane.addController('mc-1');
    await plane.sendHeartbeat('mc-1', { meetings: 12, participants: 80, cpu_ratio: 0.5 });
    plane.clock.advance(10_000);
    await plane.sendHeartbeat('mc-1', { health: 'DRAINING' });
    const light = messages.Heartbeat.encode({
      controller_id: 'mc-1',
      health: messages.Health.HEALTHY,
    }).finish();
    const response = await postProtobuf('/api/v1/meeting-controllers/mc-1/heartbeats', light);
    expect(response.status).toBe(200);
    expect(await plane.stores.controllers.get('mc-1')).toMatchObject({
      health: { state: 'HEALTHY', atMs: plane.clock.nowMs },
      load: { meetings: 12, participants: 80, cpu_ratio: 0.5 },
    });
  });

  it('GC-2 refuses a body whose id is not the one in the path', async () => {
    await plane.addHandler('mh-1');
    const response = await plane.post('/api/v1/media-handlers/mh-1/load-reports', loadReport('mh-2'));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: 'handler_id must be the one in the path, "mh-1": got "mh-2"' },
    });
  });

  it('GC-2 refuses an id in the path that is none', async () => {
    const response = await plane.post('/api/v1/media-handlers/a%20b/load-reports', loadReport('a b'));
    expect(response.status).toBe(400);
  });

  it.each([
    ['a ratio over 1', { cpu_ratio: 1.1 }],
    ['a negative count', { streams: -1 }],
    ['a health that is not known', { health: 'FINE' }],
  ])('GC-2 refuses %s', async (_name, overrides) => {
    await plane.addHandler('mh-1');
    const response = await plane.post(
      '/api/v1/media-handlers/mh-1/load-reports',
      loadReport('mh-1', overrides),
    );
    expect(response.status).toBe(400);
  });

  it('GC-2 refuses protobuf that is cut off or names an enum value that is not known', async () => {
    await plane.addHandler('mh-1');
    const path = '/api/v1/media-handlers/mh-1/load-reports';
    const body = messages.MediaHandlerLoadReport.encode({ handler_id: 'mh-1', health: 1 }).finish();
    expect((await postProtobuf(path, body)).status).toBe(200);
    expect((await postProtobuf(path, body.subarray(0, -1))).status).toBe(400);
    const odd = messages.MediaHandlerLoadReport.encode({ handler_id: 'mh-1', health: 77 as never }).finish();
    expect((await postProtobuf(path, odd)).status).toBe(400);
  });

  it('GC-4 lists the nodes of a region that may take meetings, the most headroom first', async () => {
    for (const [id, region, streams] of [
      ['mh-1', REGION, 30],
      ['mh-2', REGION, 10],
      ['mh-3', 'elsewhere', 0],
      ['mh-4', REGION, 20],
    ] as const) {
      await plane.addHandler(id, { region, certificate_hashes: [certificateHash(id)] });
      await plane.reportHandler(id, { streams });
    }
    await plane.post('/api/v1/media-handlers', handlerRegistration('mh-5'));
    expect(await open()).toEqual(['mh-2', 'mh-4', 'mh-1']);
    await plane.reportHandler('mh-2', { health: 'DRAINING' });
    await plane.reportHandler('mh-4', { streams: 90 });
    expect(await open()).toEqual(['mh-1', 'mh-4']);
  });

  it('GC-1 forgets a node after a day of silence', async () => {
    await plane.addHandler('mh-1');
    plane.clock.advance(24 * 3_600_000 + 1_000);
    expect(await plane.stores.handlers.get('mh-1')).toBe(undefined);
    expect(await open()).toEqual([]);
  });
});
