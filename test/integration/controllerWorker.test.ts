// The real controller worker in Deno: the agent's side of its IPC channel here, participants over real QUIC, and media
// handlers in memory behind the calls that it makes through its agent.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../infra/build/bundles.ts';
import { createCertificate, type NodeCertificate } from '../../media-node/agent/certificate.ts';
import { findDeno } from '../../media-node/agent/deno.ts';
import { startWorkerProcess, type WorkerProcess } from '../../media-node/agent/WorkerProcess.ts';
import type {
  AgentCalls,
  ControllerCalls,
  ControllerWorkerConfig,
  HandlerRequest,
} from '../../media-node/ipc/protocol.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../media-node/transport/MediaSession.ts';
import {
  createConsumersSchema,
  createProducersSchema,
  createTransportsSchema,
} from '../../shared/api/handler.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLogger } from '../../shared/base/log.ts';
import { signaling } from '../../shared/signaling/messages.ts';
import { signJoinToken } from '../../shared/token/joinToken.ts';
import {
  generateSigningJwk,
  importSigningKey,
  publicKeySet,
  type SigningKey,
} from '../../shared/token/signingKey.ts';
import { runDenoScript } from '../support/denoScript.ts';
import { FakeControlPlane } from '../unit/controller/support/FakeControlPlane.ts';
import { InMemoryMediaPlane } from '../unit/controller/support/InMemoryMediaPlane.ts';
import { assignment, MEETING_ID } from '../unit/controller/support/TestMeeting.ts';
import type { SignalingEvent, SignalingPlan } from './fixtures/signalingClients.ts';

const HOST = '127.0.0.1';
const CONTROLLER_ID = 'mc-test';
const GRACE_MS = 3_000;
const NOTHING = { routers: 0, transports: 0, producers: 0, consumers: 0 };
const { CONNECTION_LOST, LEFT } = signaling.LeaveReason;

/** What a media handler's internal API does with a request, over handlers in memory. */
async function answerRequest(plane: InMemoryMediaPlane, request: HandlerRequest): Promise<unknown> {
  const [handler] = assignment().media_handlers.filter(({ role }) => role === 'PRIMARY');
  const [routerId = '', kind, id = ''] = request.path.split('/').slice(4);
  if (!handler) throw new Error('The assignment names a primary');
  const router = { handler, routerId };
  switch (`${request.method} ${routerId === '' ? 'routers' : (kind ?? 'router')}`) {
    case 'POST routers': {
      const { meeting_id, generation } = request.body as { meeting_id: string; generation: number };
      const router_id = await plane.createRouter(handler, meeting_id, generation);
      const counts = { transports: 0, producers: 0, consumers: 0 };
      return { router_id, meeting_id, generation, worker_id: 0, ...counts };
    }
    case 'POST transports': {
      const { transports } = createTransportsSchema.parse(request.body);
      return { transports: await plane.createTransports(router, transports) };
    }
    case 'POST producers': {
      const { producers } = createProducersSchema.parse(request.body);
      const ids = await plane.createProducers(router, producers);
      return { producers: ids.map((producer_id) => ({ producer_id })) };
    }
    case 'POST consumers': {
      const { consumers } = createConsumersSchema.parse(request.body);
      const ids = await plane.createConsumers(router, consumers);
      return { consumers: ids.map((consumer_id) => ({ consumer_id })) };
    }
    case 'DELETE router':
      return (await plane.closeRouter(router)) ?? null;
    case 'DELETE transports':
      return (await plane.closeTransport(router, id)) ?? null;
    case 'DELETE producers':
      return (await plane.closeProducer(router, id)) ?? null;
    case 'DELETE consumers':
      return (await plane.closeConsumer(router, id)) ?? null;
    default:
      throw new Error(`The controller asked for ${request.method} ${request.path}`);
  }
}

describe('the controller worker in Deno', () => {
  const plane = new InMemoryMediaPlane();
  const controlPlane = new FakeControlPlane();
  let directory: string;
  let certificate: NodeCertificate;
  let key: SigningKey;
  let worker: WorkerProcess<ControllerCalls>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'controller-worker-'));
    await bundleForDeno({ controllerWorker: 'media-node/workers/controllerWorker.ts' }, directory);
    const deno = findDeno(undefined);
    if (!deno.ok) throw new Error(deno.reason);
    certificate = await createCertificate([HOST], systemClock.epochMs());
    key = await importSigningKey(await generateSigningJwk());
    const config: ControllerWorkerConfig = {
      role: 'controller',
      workerId: 0,
      logFields: { controller_id: CONTROLLER_ID },
      logLevel: 'info',
      hostname: HOST,
      udpPort: 0,
      certificatePem: certificate.certificatePem,
      privateKeyPem: certificate.privateKeyPem,
      transport: DEFAULT_TRANSPORT_LIMITS,
      controllerId: CONTROLLER_ID,
      maxMeetings: 1,
      heartbeatIntervalMs: 15_000,
      heartbeatTimeoutMs: 30_000,
      joinTimeoutMs: 5_000,
    };
    worker = await startWorkerProcess<ControllerCalls, AgentCalls>({
      name: 'controller worker',
      denoPath: deno.value,
      script: join(directory, 'controllerWorker.js'),
      config,
      handlers: {
        handlerRequest: (request) => answerRequest(plane, request),
        replaceHandlers: (request) => controlPlane.replaceHandlers(request),
        hostMuted: (notice) => controlPlane.hostMuted(notice),
        meetingEnded: (notice) => controlPlane.meetingEnded(notice),
      },
      log: silentLogger,
      clock: systemClock,
      writeLogLine: () => undefined,
      signal: new AbortController().signal,
    });
    await worker.call('setSigningKeys', { signing_keys_json: JSON.stringify(publicKeySet([key])) });
  });

  afterAll(async () => {
    await worker?.stop('test is over', GRACE_MS);
    await rm(directory, { recursive: true, force: true });
  });

  async function token(participantId: string, signingKey = key): Promise<string> {
    return await signJoinToken(signingKey, {
      participantId,
      meetingId: MEETING_ID,
      displayName: participantId,
      controllerId: CONTROLLER_ID,
      generation: 1,
      issuedAtSeconds: Math.floor(systemClock.epochMs() / 1_000),
    });
  }

  async function plan(): Promise<SignalingPlan> {
    const foreignKey = await importSigningKey(await generateSigningJwk());
    return {
      url: `https://${HOST}:${worker.udpPort}/signaling`,
      wrongPathUrl: `https://${HOST}:${worker.udpPort}/media`,
      certificateHash: certificate.hash,
      tokens: [await token('ada'), await token('ben'), await token('cleo')],
      wrongToken: await token('eve', foreignKey),
    };
  }

  it('GC-6 GC-7 takes meetings, says what it holds, and counts none that nobody is in', async () => {
    for (const request of [assignment(), assignment({ meeting_id: 'another' })])
      expect(await worker.call('assignMeeting', request)).toEqual({
        accepted: true,
        rejection: 'NONE',
        generation: request.generation,
        handler_ids: ['mh-primary', 'mh-backup'],
      });
    expect(await worker.call('stats', null)).toMatchObject({ meetings: 0, participants: 0 });
  });

  it('MC-1 MC-2 MC-3 MC-5 GC-13 lets participants meet over QUIC, refuses what it must, ends the meeting', async () => {
    const events: SignalingEvent[] = [];
    let ending: Promise<unknown> | undefined;
    let whileTogether: unknown;
    const script = {
      name: 'signalingClients',
      entry: 'test/integration/fixtures/signalingClients.ts',
      input: await plan(),
    };
    await runDenoScript(script, (line) => {
      events.push(line as SignalingEvent);
      if (events.length > 1) return;
      whileTogether = plane.totals;
      ending = worker.call('endMeeting', { meeting_id: MEETING_ID, generation: 1, reason: 'test' });
    });
    expect(await ending).toEqual({ ended: true });
    expect(whileTogether).toEqual({ routers: 1, transports: 1, producers: 1, consumers: 0 });
    expect(events.at(-1)).toEqual({
      type: 'outcome',
      wrongPathStatus: 404,
      wrongToken: { message: 'Invalid or expired join token', code: 4401 },
      oversized: { message: 'A message must be at most 65536 bytes', code: 4429 },
      present: ['ada'],
      mediaUrl: 'https://192.0.2.1:4433/media?handler=mh-primary',
      subscribedCodec: 'vp09.00.10.08',
      heartbeatMs: 1_790_000_000_000,
      left: [
        [3, CONNECTION_LOST],
        [2, LEFT],
      ],
      leaverClosed: 0,
      ended: { code: 4404, reason: 'Meeting has ended' },
    });
    await expect.poll(() => plane.totals).toEqual(NOTHING);
  });

  it('MC-8 tells its agent why it refuses a call', async () => {
    await worker.call('assignMeeting', assignment({ generation: 2 }));
    await expect(worker.call('assignMeeting', assignment({ generation: 1 }))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Generation of meeting "standup" must be at least 2: got 1',
    });
    await expect(worker.call('setSigningKeys', { signing_keys_json: '{' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });

  it('ends within its grace', async () => {
    await worker.stop('test is over', GRACE_MS);
    expect(await worker.exited).toMatchObject({ code: 0, signal: null });
  });
});
