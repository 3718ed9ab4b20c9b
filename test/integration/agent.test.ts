// The agent as its launcher sees it: a process with real workers in Deno, a global controller on HTTP, and its own ports.
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PROTOBUF } from '../../media-node/agent/mediaTypes.ts';
import { type RouterBody, routerSchema, transportsSchema, workersSchema } from '../../shared/api/handler.ts';
import { controllerPaths, gcPaths, handlerPaths } from '../../shared/api/paths.ts';
import { ENV, type LauncherMessage, type MediaNodeInfo } from '../../shared/base/env.ts';
import { controlPlane } from '../../shared/control-plane/messages.ts';
import { createPinnedClient, type PinnedAnswer, type PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { controllerAudience, MEDIA_HANDLER_AUDIENCE, signNodeToken } from '../../shared/token/nodeToken.ts';
import {
  generateSigningJwk,
  importSigningKey,
  publicKeySet,
  type SigningKey,
} from '../../shared/token/signingKey.ts';
import { boundPorts, descendants, isRunning } from '../support/processes.ts';
import { FakeGlobalController } from '../unit/agent/fixtures/FakeGlobalController.ts';
import { LOOPBACK, nodeEnvironment } from './fixtures/mediaNodes.ts';

const MAIN = fileURLToPath(new URL('../../media-node/agent/main.ts', import.meta.url));
const NODE_ID = 'node-1';
/** Longer than the agent's own deadline, which ends it with exit code 1. */
const EXIT_TIMEOUT_MS = 8_000;

let key: SigningKey;
let globalController: FakeGlobalController;
let gcPort: number;
let client: PinnedClient;
const agents: Agent[] = [];

beforeAll(async () => {
  key = await importSigningKey(await generateSigningJwk());
});
beforeEach(async () => {
  globalController = new FakeGlobalController();
  globalController.signingKeysJson = JSON.stringify(publicKeySet([key]));
  globalController.reportIntervalMs = 100;
  gcPort = await globalController.listen();
  client = createPinnedClient({ timeoutMs: 5_000, maxSockets: 4 });
});
afterEach(async () => {
  client.close();
  for (const agent of agents.splice(0)) {
    agent.process.kill('SIGTERM');
    await agent.exited;
  }
  await globalController.close();
});

interface Agent {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly message: Promise<LauncherMessage<MediaNodeInfo>>;
  readonly log: () => string;
}

function startAgent(changes: Record<string, string | undefined> = {}): Agent {
  const child = fork(MAIN, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: nodeEnvironment(gcPort, {
      [ENV.logLevel]: 'info',
      [ENV.nodeId]: NODE_ID,
      [ENV.publicHost]: 'localhost',
      [ENV.workers]: '2',
      ...changes,
    }),
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const message = Promise.race([
    once(child, 'message').then(([value]) => value as LauncherMessage<MediaNodeInfo>),
    exited.then((): never => {
      throw new Error(`The agent ended without a word to its launcher:\n${log}`);
    }),
  ]);
  message.catch(() => undefined);
  const agent = { process: child, exited, message, log: () => log };
  agents.push(agent);
  return agent;
}

interface ReadyNode extends Agent {
  readonly info: MediaNodeInfo;
  readonly hashes: readonly string[];
  /** The agent and everything that it started. */
  readonly pids: readonly number[];
  readonly ports: readonly number[];
}

async function startReady(changes: Record<string, string | undefined> = {}): Promise<ReadyNode> {
  const agent = startAgent(changes);
  const message = await agent.message;
  if (message.type !== 'ready') throw new Error(message.reason);
  const pid = agent.process.pid ?? 0;
  const pids = [pid, ...descendants(pid)];
  const registration = globalController.received.find(({ path }) => path === gcPaths.mediaHandlers)?.message;
  const hashes = registration?.['certificate_hashes'] as string[];
  return { ...agent, info: message.info, hashes, pids, ports: boundPorts(pids) };
}

async function token(audience: string): Promise<string> {
  return await signNodeToken(key, {
    subject: 'test',
    audience,
    issuedAtSeconds: Math.floor(Date.now() / 1_000),
    lifetimeSeconds: 60,
  });
}

async function callHandler(
  node: ReadyNode,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const answer = await client.request({
    url: `${node.info.internalUrl}${path}`,
    method,
    headers: {
      authorization: `Bearer ${await token(MEDIA_HANDLER_AUDIENCE)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    certificateHashes: node.hashes,
  });
  return { status: answer.status, body: answer.body.length === 0 ? null : JSON.parse(String(answer.body)) };
}

async function createRouter(node: ReadyNode, meetingId: string): Promise<RouterBody> {
  const request = { meeting_id: meetingId, generation: 1 };
  return routerSchema.parse((await callHandler(node, 'POST', handlerPaths.routers, request)).body);
}

async function assign(node: ReadyNode, meetingId: string): Promise<PinnedAnswer> {
  const assignment = controlPlane.AssignMeeting.fromObject({
    meeting_id: meetingId,
    config: { display_name: 'Weekly', max_participants: 12 },
    media_handlers: [
      {
        handler_id: NODE_ID,
        role: 'PRIMARY',
        webtransport_url: 'https://localhost:1/media',
        internal_url: node.info.internalUrl,
        certificate_hashes: [...node.hashes],
      },
    ],
    generation: 1,
    requested_by: 'test',
  });
  return await client.request({
    url: `${node.info.internalUrl}${controllerPaths.assignMeeting}`,
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token(controllerAudience(NODE_ID))}`,
      'content-type': PROTOBUF,
    },
    body: controlPlane.AssignMeeting.encode(assignment).finish(),
    certificateHashes: node.hashes,
  });
}

/** Nothing of the node is left: no process and no port. */
async function expectGone(node: ReadyNode): Promise<void> {
  await expect.poll(() => node.pids.filter(isRunning), { timeout: EXIT_TIMEOUT_MS }).toEqual([]);
  for (const port of node.ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, LOOPBACK, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind({ port, address: LOOPBACK, exclusive: true }, resolve);
    });
    socket.close();
  }
}

describe('a media node', () => {
  it('SFU-1 SFU-7 GC-1 GC-2 starts its workers, registers both roles and tells its launcher', async () => {
    const node = await startReady();
    expect(node.info.nodeId).toBe(NODE_ID);
    expect(node.info.workers.map((worker) => worker.role)).toEqual(['controller', 'handler', 'handler']);
    expect(node.info.workers.every((worker) => node.pids.includes(worker.pid))).toBe(true);
    expect(node.pids).toHaveLength(4);
    const expectedPorts = [Number(new URL(node.info.internalUrl).port)].concat(
      node.info.workers.map((worker) => worker.udpPort),
    );
    expect([...node.ports].sort()).toEqual(expectedPorts.sort());

    const [controller, handler] = node.info.workers;
    const messages = new Map(globalController.received.map(({ path, message }) => [path, message]));
    expect(messages.get(gcPaths.meetingControllers)).toMatchObject({
      controller_id: NODE_ID,
      webtransport_url: `https://localhost:${controller?.udpPort}/signaling`,
      internal_url: node.info.internalUrl,
      certificate_hashes: node.hashes,
    });
    expect(messages.get(gcPaths.mediaHandlers)).toMatchObject({
      handler_id: NODE_ID,
      webtransport_url: `https://localhost:${handler?.udpPort}/media`,
    });
    expect(messages.get(gcPaths.loadReports(NODE_ID))).toMatchObject({ health: 'HEALTHY' });
    expect(messages.get(gcPaths.heartbeats(NODE_ID))).toMatchObject({ health: 'HEALTHY' });
  });

  it('SFU-2 SFU-3 SFU-7 MC-7 makes routers and transports on real workers', async () => {
    const node = await startReady();
    const routers = [await createRouter(node, 'm1'), await createRouter(node, 'm2')];
    expect(routers.map((router) => router.worker_id).sort()).toEqual([0, 1]);
    const [router] = routers;
    const created = await callHandler(node, 'POST', handlerPaths.transports(router?.router_id ?? ''), {
      transports: [
        { participant_id: 'ada', user_id: 1 },
        { participant_id: 'bob', user_id: 2 },
      ],
    });
    const { transports } = transportsSchema.parse(created.body);
    const worker = node.info.workers.filter(({ role }) => role === 'handler')[router?.worker_id ?? 0];
    for (const transport of transports) {
      expect(transport.url).toBe(`https://localhost:${worker?.udpPort}/media`);
      expect(transport.certificate_hashes).toEqual(node.hashes);
    }
    expect(new Set(transports.map((transport) => transport.connection_token)).size).toBe(2);
    const listed = workersSchema.parse((await callHandler(node, 'GET', handlerPaths.workers)).body);
    expect(listed.workers.map(({ pid, routers: count }) => ({ pid, routers: count }))).toEqual(
      node.info.workers.slice(1).map(({ pid }) => ({ pid, routers: 1 })),
    );
    expect(listed.workers.every((load) => load.cpu_us > 0 && load.rss_bytes > 0)).toBe(true);
  });

  it('GC-6 GC-10 passes an assignment of the global controller to the controller worker', async () => {
    const node = await startReady();
    const answer = await assign(node, 'm1');
    expect(answer.status).toBe(200);
    expect(controlPlane.AssignMeetingAnswer.decode(answer.body).accepted).toBe(true);
  });

  it('SFU-1 replaces a worker that was killed, forgets its routers and goes on', async () => {
    const node = await startReady({ [ENV.workers]: '1', [ENV.roles]: 'handler' });
    const router = await createRouter(node, 'm1');
    const pid = node.info.workers[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => callHandler(node, 'GET', handlerPaths.router(router.router_id)), { timeout: 5_000 })
      .toMatchObject({ status: 404 });
    const healths = () => globalController.received.map(({ message }) => message['health']);
    await expect.poll(healths, { timeout: 5_000 }).toContain('UNHEALTHY');
    await expect
      .poll(() => callHandler(node, 'POST', handlerPaths.routers, { meeting_id: 'm1', generation: 1 }), {
        timeout: 5_000,
      })
      .toMatchObject({ status: 201 });
    await expect.poll(() => healths().at(-1), { timeout: 5_000 }).toBe('HEALTHY');
  });

  it('goes on, and serves meetings, while the global controller is away', async () => {
    const node = await startReady({ [ENV.roles]: 'handler', [ENV.workers]: '1' });
    await globalController.close();
    await expect.poll(node.log, { timeout: 5_000 }).toContain('does not take a report');
    await createRouter(node, 'm1');
    await globalController.listen(gcPort);
    const before = globalController.received.length;
    await expect.poll(() => globalController.received.length, { timeout: 20_000 }).toBeGreaterThan(before);
  });
});

describe('the end of a media node', () => {
  it('leaves no process and no port on SIGTERM, and says goodbye to the global controller', async () => {
    const node = await startReady();
    await createRouter(node, 'm1');
    await assign(node, 'm1');
    node.process.kill('SIGTERM');
    expect(await node.exited).toBe(0);
    await expectGone(node);
    const last = new Map(globalController.received.map(({ path, message }) => [path, message['health']]));
    expect(last.get(gcPaths.loadReports(NODE_ID))).toBe('DRAINING');
    expect(last.get(gcPaths.heartbeats(NODE_ID))).toBe('DRAINING');
  });

  it('comes when its launcher is gone', async () => {
    const node = await startReady();
    node.process.disconnect();
    expect(await node.exited).toBe(0);
    await expectGone(node);
  });

  it('does not come from SIGINT, which a launcher acts on', async () => {
    const node = await startReady({ [ENV.roles]: 'handler', [ENV.workers]: '1' });
    node.process.kill('SIGINT');
    await createRouter(node, 'm1');
    expect(node.process.exitCode).toBeNull();
  });

  it('takes the workers along when the agent is killed', async () => {
    const node = await startReady();
    node.process.kill('SIGKILL');
    await node.exited;
    await expectGone(node);
  });

  it('comes while the node still starts', async () => {
    await globalController.close();
    const agent = startAgent();
    await expect.poll(agent.log, { timeout: 5_000 }).toContain('does not take a report');
    const pids = descendants(agent.process.pid ?? 0);
    expect(pids).toHaveLength(3);
    agent.process.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
    await globalController.listen(gcPort);
  });
});

describe('a media node that cannot start', () => {
  async function failure(changes: Record<string, string | undefined>): Promise<string> {
    const agent = startAgent(changes);
    const message = await agent.message;
    const pids = descendants(agent.process.pid ?? 0);
    expect(await agent.exited).toBe(1);
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
    return message.type === 'failed' ? message.reason : 'It started';
  }

  it('names the variables that are wrong', async () => {
    const reason = await failure({ [ENV.zone]: undefined, [ENV.workers]: 'all' });
    expect(reason).toContain(`${ENV.zone} is not set`);
    expect(reason).toContain(`${ENV.workers} must be a whole number from 1 to 64: got "all"`);
  });

  it('says which TCP port is taken, and by which variable to change it', async () => {
    expect(await failure({ [ENV.internalPort]: String(gcPort) })).toBe(
      `TCP port ${gcPort} on ${LOOPBACK} is taken: end what uses it or change ${ENV.internalPort}`,
    );
  });

  it('SFU-7 says which UDP port is taken, and by which variable to change it', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    const { port } = socket.address();
    try {
      // The controller has the first port, so that the first handler worker has the one that is taken.
      expect(await failure({ [ENV.udpPortBase]: String(port - 1) })).toBe(
        `UDP port ${port} on ${LOOPBACK} is taken: end what uses it or change ${ENV.udpPortBase}`,
      );
    } finally {
      socket.close();
    }
  });

  it('says that the worker scripts are not built', async () => {
    expect(await failure({ [ENV.workerDirectory]: '/nowhere' })).toMatch(
      /There is no worker script \/nowhere\/\w+\.js: build it with npm run build/,
    );
  });

  it('GC-1 says that the global controller refuses it', async () => {
    globalController.refusal = () => 'UNAUTHORIZED';
    expect(await failure({})).toContain('cannot register. The global controller answered 401');
  });
});
