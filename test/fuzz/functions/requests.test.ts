// Whatever is sent, the answer is one that the API documents: never a 500, never another shape, nothing kept of it.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorBodySchema } from '../../../shared/api/error.ts';
import { controlPlane as messages } from '../../../shared/control-plane/messages.ts';
import {
  ControlPlane,
  controllerRegistration,
  handlerRegistration,
  loadReport,
  NODE_TOKEN,
} from '../../unit/functions/support/ControlPlane.ts';

const RUNS = 400;
const REFUSALS = [400, 401, 404, 405, 409, 413, 415, 503];
let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start();
  await plane.createMeeting('standup');
});

afterAll(async () => {
  await plane.stop();
});

async function send(path: string, contentType: string, body: BodyInit): Promise<void> {
  const headers = { 'content-type': contentType, authorization: `Bearer ${NODE_TOKEN}` };
  const response = await plane.app.request(path, { method: 'POST', headers, body });
  if (response.ok) return;
  expect(REFUSALS).toContain(response.status);
  expect(errorBodySchema.safeParse(await response.json()).success).toBe(true);
}

const bodies: Record<string, object> = {
  '/api/v1/meetings': { meeting_id: 'x', display_name: 'X', max_participants: 3 },
  '/api/v1/meetings/standup/join': { display_name: 'Ada' },
  '/api/v1/media-handlers': handlerRegistration('mh-1'),
  '/api/v1/media-handlers/mh-1/load-reports': loadReport('mh-1'),
  '/api/v1/meeting-controllers': controllerRegistration('mc-1'),
  '/api/v1/meeting-controllers/mc-1/heartbeats': { controller_id: 'mc-1', health: 'HEALTHY', meetings: 1 },
};
const path = fc.constantFrom(...Object.keys(bodies));

/** A valid body of which one field is something else. */
const mutated = path.chain((path) => {
  const valid = bodies[path] ?? {};
  return fc
    .tuple(fc.constant(path), fc.constantFrom(...Object.keys(valid)), fc.jsonValue())
    .map(([path, field, value]): [string, string] => [path, JSON.stringify({ ...valid, [field]: value })]);
});

const encoded: [string, Uint8Array][] = [
  [
    '/api/v1/media-handlers',
    messages.RegisterMediaHandler.encode(
      messages.RegisterMediaHandler.fromObject(handlerRegistration('mh-1')),
    ).finish(),
  ],
  [
    '/api/v1/media-handlers/mh-1/load-reports',
    messages.MediaHandlerLoadReport.encode(
      messages.MediaHandlerLoadReport.fromObject(loadReport('mh-1')),
    ).finish(),
  ],
  [
    '/api/v1/meeting-controllers/mc-1/heartbeats',
    messages.Heartbeat.encode({ controller_id: 'mc-1', health: 1, meetings: 3 }).finish(),
  ],
];

describe('requests of any kind', () => {
  it('GC-14 any JSON at any route', async () => {
    await fc.assert(
      fc.asyncProperty(path, fc.json(), (path, body) => send(path, 'application/json', body)),
      { numRuns: RUNS },
    );
  });

  it('GC-14 any value in any field', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, ([path, body]) => send(path, 'application/json', body)),
      { numRuns: RUNS },
    );
  });

  it('GC-14 any bytes under any content type', async () => {
    const types = fc.constantFrom(
      'application/json',
      'application/x-protobuf',
      'text/plain',
      'x',
      'application/json; charset=x',
    );
    await fc.assert(
      fc.asyncProperty(path, types, fc.uint8Array({ maxLength: 200 }), (path, type, body) =>
        send(path, type, Uint8Array.from(body)),
      ),
      { numRuns: RUNS },
    );
  });

  it('GC-1 GC-2 protobuf that is cut off or has bytes changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...encoded),
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        async ([path, valid], length, changes) => {
          const body = valid.slice(0, 1 + (length % valid.length));
          for (const [at, value] of changes) body[at % body.length] = value;
          await send(path, 'application/x-protobuf', Uint8Array.from(body));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('GC-14 any path', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.constantFrom('GET', 'POST', 'PUT'), async (webPath, method) => {
        const response = await plane.app.request(`/api/v1/meetings${webPath}`, { method });
        if (!response.ok) expect(REFUSALS).toContain(response.status);
      }),
      { numRuns: RUNS },
    );
  });

  it('GC-14 leaves no failure in the log that is ours', () => {
    const errors = plane.lines.filter((line) => JSON.parse(line).level === 'error');
    expect(errors).toEqual([]);
  });
});
