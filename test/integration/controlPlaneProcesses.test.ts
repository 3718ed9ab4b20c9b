// 200 first joins of one meeting at once, from four processes over one table, with meeting controllers on the network.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGlobalController } from '../../functions/app.ts';
import { cryptoRandom } from '../../functions/base/random.ts';
import { createDynamoStores } from '../../functions/dynamo/stores.ts';
import { openAccess } from '../../functions/http/Access.ts';
import { EmbeddedDynamo } from '../../functions/local/EmbeddedDynamo.ts';
import type { Stores } from '../../functions/Stores.ts';
import { importSigningKeys, type SigningKeys } from '../../functions/token/SigningKeys.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { verifyJoinToken } from '../../shared/token/joinToken.ts';
import { generateSigningJwk, keySetResolver } from '../../shared/token/signingKey.ts';
import { handlerRegistration, loadReport, REGION } from '../unit/functions/support/ControlPlane.ts';
import { FakeControllers } from '../unit/functions/support/FakeControllers.ts';
import { HttpsController, type Temper } from '../unit/functions/support/HttpsController.ts';
import type { JoinReply, ProcessOptions } from './fixtures/globalControllerProcess.ts';

const PROCESSES = 4;
const JOINS_PER_PROCESS = 50;
const CONTROLLERS = 6;
const TABLE = 'processes';
const script = fileURLToPath(new URL('fixtures/globalControllerProcess.ts', import.meta.url));

let database: EmbeddedDynamo;
let stores: Stores;
let signingKeys: SigningKeys;
let controllers: HttpsController[];
let processes: ChildProcess[];
let request: (path: string, body: object) => Promise<void>;

beforeEach(async () => {
  database = await EmbeddedDynamo.start({ tableName: TABLE });
  const signingJwk = await generateSigningJwk();
  signingKeys = await importSigningKeys([signingJwk]);
  stores = createDynamoStores({ client: database.client, tableName: TABLE, clock: systemClock });
  const access = openAccess({ orgId: 'default', subject: 'test' });
  const app = createGlobalController({
    region: REGION,
    stores,
    controllerClient: new FakeControllers(),
    signingKeys,
    access,
    nodeAccess: access,
    clock: systemClock,
    random: cryptoRandom,
    log: createLogger({ level: 'error', write: () => undefined }),
  });
  request = async (path, body) => {
    const response = await app.request(`/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Got ${response.status}: ${await response.text()}`);
  };
  const options: ProcessOptions = {
    endpoint: database.endpoint,
    accessKeyId: database.accessKeyId.reveal(),
    tableName: TABLE,
    signingJwk,
  };
  processes = Array.from({ length: PROCESSES }, () => fork(script, [JSON.stringify(options)]));
  controllers = await Promise.all(
    Array.from({ length: CONTROLLERS }, (_, i) =>
      HttpsController.start({ id: `mc-${i}`, signingKeys, now: () => new Date() }),
    ),
  );
  for (const id of ['mh-1', 'mh-2']) {
    await request('media-handlers', handlerRegistration(id, { zone: `zone-${id}` }));
    await request(`media-handlers/${id}/load-reports`, loadReport(id));
  }
  for (const { id, registration } of controllers) {
    await request('meeting-controllers', registration);
    await heartbeat(id);
  }
  await Promise.all(processes.map((child) => once(child, 'message')));
});

afterEach(async () => {
  await Promise.all(
    processes.map(async (child) => {
      const exited = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await exited;
    }),
  );
  await Promise.all(controllers.map((controller) => controller.stop()));
  await database.stop();
});

async function heartbeat(id: string, health = 'HEALTHY'): Promise<void> {
  await request(`meeting-controllers/${id}/heartbeats`, {
    controller_id: id,
    health,
    meetings: 0,
    participants: 0,
    cpu_ratio: 0,
  });
}

/** All joins at once, from all processes; the distinct assignments that they were answered. */
async function joinTogether(meetingId: string): Promise<string[]> {
  const replies = await Promise.all(
    processes.map(async (child) => {
      const answered = once(child, 'message');
      child.send({ meetingId, joins: JOINS_PER_PROCESS });
      return (await answered)[0] as JoinReply[];
    }),
  );
  const keys = keySetResolver(signingKeys.publicKeys());
  const assignments = new Set<string>();
  const participants = new Set<string>();
  for (const { status, body } of replies.flat()) {
    expect(status, body).toBe(200);
    const { join_token, meeting_controller_url } = JSON.parse(body) as Record<string, string>;
    const claims = await verifyJoinToken(join_token ?? '', keys, new Date());
    if (!claims.ok) throw new Error(claims.reason);
    participants.add(claims.value.sub);
    assignments.add(
      `${claims.value.controller_id} generation ${claims.value.generation} at ${meeting_controller_url}`,
    );
  }
  expect(participants.size).toBe(PROCESSES * JOINS_PER_PROCESS);
  return [...assignments];
}

async function expectOneAssignment(meetingId: string, generation: number): Promise<string> {
  const [assignment = '', ...others] = await joinTogether(meetingId);
  expect(others).toEqual([]);
  expect(assignment).toContain(` generation ${generation} at `);
  const record = await stores.meetings.get(meetingId as never);
  const written = record?.assignments[REGION];
  expect(assignment).toContain(`${written?.controllerId} generation ${written?.generation} `);
  return written?.controllerId ?? '';
}

function holders(meetingId: string): string[] {
  return controllers.filter(({ held }) => held.has(meetingId)).map(({ id }) => id);
}

describe('200 first joins from 4 processes', () => {
  it('GC-7 get one assignment in one generation, which one controller holds', async () => {
    for (const meetingId of ['race-1', 'race-2', 'race-3']) {
      await request('meetings', { meeting_id: meetingId });
      const controllerId = await expectOneAssignment(meetingId, 1);
      expect(holders(meetingId)).toEqual([controllerId]);
    }
  });

  it.each(['rejects', 'hangs', 'dies'] as const)(
    'GC-6 GC-7 get one assignment when two controllers in six are such that each %s',
    async (temper: Temper) => {
      for (const controller of controllers.slice(0, 2)) controller.temper = temper;
      await request('meetings', { meeting_id: 'race' });
      const controllerId = await expectOneAssignment('race', 1);
      expect(['mc-2', 'mc-3', 'mc-4', 'mc-5']).toContain(controllerId);
      expect(holders('race')).toEqual([controllerId]);
    },
  );

  it('GC-8 get one takeover, in the next generation, when the controller has died in between', async () => {
    await request('meetings', { meeting_id: 'race' });
    const before = await expectOneAssignment('race', 1);
    await heartbeat(before, 'UNHEALTHY');
    await controllers.find(({ id }) => id === before)?.stop();
    const after = await expectOneAssignment('race', 2);
    expect(after).not.toBe(before);
    expect(holders('race').filter((id) => id !== before)).toEqual([after]);
  });
});
