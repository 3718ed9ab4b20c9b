// Against real HTTPS servers with self-signed certificates, as meeting controllers are.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ControllerClient } from '../../../../functions/controllers/ControllerClient.ts';
import { createHttpsControllerClient } from '../../../../functions/controllers/httpsControllerClient.ts';
import type { MeetingController } from '../../../../functions/registry/MediaNode.ts';
import { importSigningKeys, type SigningKeys } from '../../../../functions/token/SigningKeys.ts';
import { createCertificate } from '../../../../media-node/agent/certificate.ts';
import type { AssignMeeting } from '../../../../shared/api/node.ts';
import { systemClock } from '../../../../shared/base/clock.ts';
import { continueTrace } from '../../../../shared/base/trace.ts';
import { controlPlane as messages } from '../../../../shared/control-plane/messages.ts';
import { createPinnedClient, type PinnedClient } from '../../../../shared/node/pinnedHttps.ts';
import { controllerAudience, verifyNodeToken } from '../../../../shared/token/nodeToken.ts';
import { generateSigningJwk, keySetResolver } from '../../../../shared/token/signingKey.ts';
import { certificateHash, controllerRegistration } from '../support/ControlPlane.ts';

const TIMEOUT_MS = 300;
const trace = continueTrace(undefined);
const request: AssignMeeting = {
  meeting_id: 'standup',
  config: { display_name: 'Standup', max_participants: 12 },
  media_handlers: [
    {
      handler_id: 'mh-1',
      role: 'BACKUP',
      webtransport_url: 'https://mh-1:1',
      internal_url: 'https://mh-1:2',
      certificate_hashes: [certificateHash('mh-1')],
    },
  ],
  generation: 3,
  requested_by: 'global-controller',
};

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

let server: Server;
let https: PinnedClient;
let signingKeys: SigningKeys;
let client: ControllerClient;
let controller: MeetingController;
let received: Received[];
let connections: number;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  const certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
  received = [];
  connections = 0;
  server = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      received.push({ path: message.url, headers: message.headers, body: Buffer.concat(chunks) });
      answer(response);
    },
  );
  server.on('secureConnection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  https = createPinnedClient({ timeoutMs: TIMEOUT_MS, maxSockets: 4 });
  signingKeys = await importSigningKeys([await generateSigningJwk()]);
  client = createHttpsControllerClient({ https, signingKeys, clock: systemClock });
  controller = {
    id: 'mc-1',
    registrationId: 'r-1',
    registration: controllerRegistration('mc-1', {
      internal_url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      certificate_hashes: [certificate.hash],
    }),
    health: { state: 'HEALTHY', atMs: systemClock.epochMs() },
    load: {},
  };
});

afterEach(async () => {
  https.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function answerWith(body: Uint8Array | string, status = 200): void {
  answer = (response) => response.writeHead(status).end(body);
}

const accepted = messages.AssignMeetingAnswer.encode({
  accepted: true,
  generation: request.generation,
  handler_ids: ['mh-1'],
}).finish();

describe('a probe of a meeting controller', () => {
  it('GC-17 finds it there by any answer, asked with a token that only it accepts', async () => {
    for (const status of [200, 401, 503]) {
      answerWith('{}', status);
      expect(await client.probe(controller, trace)).toBe('answer');
    }
    const [{ path, headers } = { path: '', headers: {} }] = received;
    expect(path).toBe('/internal/v1/controller');
    const keys = keySetResolver(signingKeys.publicKeys());
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const verified = await verifyNodeToken(token, keys, controllerAudience('mc-1'), new Date());
    expect(verified).toEqual({ ok: true, value: 'global-controller' });
  });

  it('GC-17 tells a machine where nobody listens from one that does not answer, and from somebody else', async () => {
    answer = () => undefined;
    expect(await client.probe(controller, trace)).toBe('silence');
    answer = (response) => response.destroy();
    expect(await client.probe(controller, trace)).toBe('silence');
    const registration = { ...controller.registration, certificate_hashes: [certificateHash('other')] };
    expect(await client.probe({ ...controller, registration }, trace)).toBe('silence');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await client.probe(controller, trace)).toBe('nobody');
  });

  it('GC-17 says that it does not know where a bound of its own was in the way', async () => {
    https.close();
    expect(await client.probe(controller, trace)).toBe('unknown');
  });
});

describe('calls to meeting controllers', () => {
  it('GC-6 ask in protobuf, with a token that only this controller accepts, and on with the trace', async () => {
    answerWith(accepted);
    expect(await client.assignMeeting(controller, request, trace)).toEqual({
      type: 'accepted',
      handlerIds: ['mh-1'],
    });
    const [{ path, headers, body } = { path: '', headers: {}, body: Buffer.of() }] = received;
    expect(path).toBe('/internal/v1/assignments');
    expect(headers['content-type']).toBe('application/x-protobuf');
    expect(headers['traceparent']).toContain(trace.traceId);
    const decoded = messages.AssignMeeting.toObject(messages.AssignMeeting.decode(body), { enums: String });
    expect(decoded).toEqual(request);
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const keys = keySetResolver(signingKeys.publicKeys());
    const verify = (id: string, afterMs: number) =>
      verifyNodeToken(token, keys, controllerAudience(id), new Date(Date.now() + afterMs));
    expect(await verify('mc-1', 0)).toEqual({ ok: true, value: 'global-controller' });
    expect((await verify('mc-2', 0)).ok).toBe(false);
    expect((await verify('mc-1', 70_000)).ok).toBe(false);
  });

  it.each(['AT_CAPACITY', 'NODE_DRAINING', 'NODE_UNHEALTHY'] as const)(
    'GC-6 hear a rejection: %s',
    async (reason) => {
      const rejection = messages.Rejection[reason];
      answerWith(messages.AssignMeetingAnswer.encode({ accepted: false, rejection }).finish());
      expect(await client.assignMeeting(controller, request, trace)).toEqual({ type: 'rejected', reason });
    },
  );

  it('GC-10 use one connection for one call after the other', async () => {
    answerWith(accepted);
    for (let i = 0; i < 5; i++) await client.assignMeeting(controller, request, trace);
    expect(received).toHaveLength(5);
    expect(connections).toBe(1);
  });

  it('GC-10 send nothing to a server with another certificate', async () => {
    answerWith(accepted);
    const impostor = {
      ...controller,
      registration: { ...controller.registration, certificate_hashes: [certificateHash('another')] },
    };
    const outcome = await client.assignMeeting(impostor, request, trace);
    expect(outcome).toMatchObject({
      type: 'failed',
      reason: expect.stringMatching(/^refused_certificate: /),
    });
    expect(received).toEqual([]);
  });

  it('GC-6 give up on a controller that hangs', async () => {
    answer = () => undefined;
    const outcome = await client.assignMeeting(controller, request, trace);
    expect(outcome).toMatchObject({ type: 'failed', reason: expect.stringMatching(/^timeout: /) });
  });

  it('GC-6 give up on a controller that is gone', async () => {
    server.close();
    const outcome = await client.assignMeeting(controller, request, trace);
    expect(outcome).toMatchObject({ type: 'failed', reason: expect.stringMatching(/^unreachable: /) });
  });

  it.each([
    [
      'its error',
      409,
      JSON.stringify({ error: { code: 'CONFLICT', message: 'Stale', details: {} } }),
      '409: Stale',
    ],
    ['an error of somebody else', 502, '<html>', '502: no error body'],
    ['no protobuf', 200, Buffer.of(0xff, 0xff), 'Not a AssignMeetingAnswer message'],
    [
      'a rejection without a reason',
      200,
      messages.AssignMeetingAnswer.encode({}).finish(),
      'without a reason',
    ],
    [
      'an unknown reason',
      200,
      messages.AssignMeetingAnswer.encode({ rejection: 9 as never }).finish(),
      'rejection',
    ],
  ])('GC-6 count it as a failure when a controller answers with %s', async (_name, status, body, reason) => {
    answerWith(body, status);
    const outcome = await client.assignMeeting(controller, request, trace);
    expect(outcome).toMatchObject({ type: 'failed', reason: expect.stringContaining(reason) });
    expect(JSON.stringify(outcome)).not.toContain('ey');
  });

  it('GC-13 end a meeting and hear whether there was one', async () => {
    for (const ended of [true, false]) {
      answerWith(messages.EndMeetingAnswer.encode({ ended }).finish());
      const ending = { meeting_id: 'standup', generation: 3, reason: 'Meeting has ended' };
      expect(await client.endMeeting(controller, ending, trace)).toEqual({ ok: true, value: ended });
      expect(received.at(-1)?.path).toBe('/internal/v1/assignments/end');
      const body = received.at(-1)?.body ?? Buffer.of();
      expect(messages.EndMeeting.toObject(messages.EndMeeting.decode(body))).toEqual(ending);
    }
  });
});
