// Everything that the ledger says is refused, against a whole system, while two participants talk next to it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../../infra/local/LocalSystem.ts';
import { type ControllerBody, controllerSchema } from '../../../shared/api/controller.ts';
import { type WorkerBody, workersSchema } from '../../../shared/api/handler.ts';
import { joinAnswerSchema } from '../../../shared/api/meeting.ts';
import { controllerPaths, gcPaths, handlerPaths } from '../../../shared/api/paths.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import {
  JOIN_TOKEN_LIFETIME_SECONDS,
  type JoinClaims,
  signJoinToken,
} from '../../../shared/token/joinToken.ts';
import {
  controllerAudience,
  MEDIA_HANDLER_AUDIENCE,
  signNodeToken,
} from '../../../shared/token/nodeToken.ts';
import { importSigningKey, type SigningKey } from '../../../shared/token/signingKey.ts';
import { runDenoScript } from '../../support/denoScript.ts';
import type { RefusalOutcome, RefusalPlan } from './plan.ts';

let directory: string;
let system: LocalSystem;
let key: SigningKey;
let outcome: RefusalOutcome;
let drops: Record<string, number>;
let refusals: Record<string, number>;
let controllerId: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-refusals-'));
  system = await LocalSystem.start({ port: 0, dataDirectory: directory, logLevel: 'error' });
  key = await importSigningKey(JSON.parse(readFileSync(join(directory, 'signing-key.json'), 'utf8')));
  const plan: RefusalPlan = {
    url: system.url,
    expiredToken: await expiredToken(),
    endedMeetingToken: await endedMeetingToken(),
  };
  const before = { drops: await dropCounters(), refusals: await refusalCounters() };
  const script = { name: 'refusals', entry: 'test/integration/refusals/client.ts', input: plan };
  await runDenoScript(script, (line) => {
    outcome = line as RefusalOutcome;
  });
  drops = increase(before.drops, await dropCounters());
  refusals = increase(before.refusals, await refusalCounters());
});

afterAll(async () => {
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function increase(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([reason, count]) => [reason, count - (before[reason] ?? 0)]),
  );
}

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(system.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
  return await answer.json();
}

async function joinOnce(meetingId: string): Promise<JoinClaims & { token: string }> {
  await post(gcPaths.meetings, { meeting_id: meetingId });
  const { join_token: token } = joinAnswerSchema.parse(
    await post(gcPaths.joinMeeting(meetingId), { display_name: 'Late' }),
  );
  return { ...decodeJwt<JoinClaims>(token), token } as JoinClaims & { token: string };
}

async function expiredToken(): Promise<string> {
  const claims = await joinOnce('expired');
  return await signJoinToken(key, {
    participantId: claims.sub,
    meetingId: claims.meeting_id,
    displayName: claims.name,
    controllerId: claims.controller_id,
    generation: claims.generation,
    issuedAtSeconds: Math.floor(Date.now() / 1_000) - 2 * JOIN_TOKEN_LIFETIME_SECONDS,
  });
}

async function endedMeetingToken(): Promise<string> {
  const { token, controller_id } = await joinOnce('ended');
  controllerId = controller_id;
  await post(gcPaths.endMeeting('ended'), {});
  return token;
}

/** Drops by reason, over all handler workers, as the handlers' internal API tells them. */
async function dropCounters(): Promise<Record<string, number>> {
  const token = await signNodeToken(key, {
    subject: 'test',
    audience: MEDIA_HANDLER_AUDIENCE,
    issuedAtSeconds: Math.floor(Date.now() / 1_000),
    lifetimeSeconds: 60,
  });
  const total: Record<string, number> = {};
  for (const node of system.nodes) {
    for (const worker of await workersOf(node.internalUrl, token))
      for (const [reason, count] of Object.entries(worker.drops))
        total[reason] = (total[reason] ?? 0) + count;
  }
  return total;
}

async function workersOf(internalUrl: string, token: string): Promise<WorkerBody[]> {
  return workersSchema.parse(await inspect(internalUrl + handlerPaths.workers, token)).workers;
}

/** Refusals by reason, as the controller's internal API tells them. */
async function refusalCounters(): Promise<ControllerBody['refusals']> {
  const node = system.nodes.find(({ nodeId }) => nodeId === controllerId);
  if (node === undefined) throw new Error(`No node is controller "${controllerId}"`);
  const token = await signNodeToken(key, {
    subject: 'test',
    audience: controllerAudience(controllerId),
    issuedAtSeconds: Math.floor(Date.now() / 1_000),
    lifetimeSeconds: 60,
  });
  return controllerSchema.parse(await inspect(node.internalUrl + controllerPaths.controller, token)).refusals;
}

async function inspect(url: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  return await new Promise<unknown>((resolve, reject) => {
    request(url, { headers, rejectUnauthorized: false }, (response) => json(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}

describe('what is refused', () => {
  it('MC-2 MC-5 a wrong and an expired join token, with one and the same answer, counted', () => {
    const refused = {
      code: 'UNAUTHORIZED',
      message: 'Invalid or expired join token',
      closeCode: CloseCode.unauthorized,
    };
    expect(outcome.refused.wrongToken).toEqual(refused);
    expect(outcome.refused.expiredToken).toEqual(refused);
    expect(refusals['tokenRefused']).toBe(2);
  });

  it('MC-5 GC-14 an unknown meeting, and one that has ended, counted', async () => {
    const unknown = await fetch(`${system.url}${gcPaths.joinMeeting('nobody-made-this')}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ display_name: 'Ada' }),
    });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'NOT_FOUND', details: {} } });
    expect(outcome.refused.endedMeeting).toEqual({
      code: 'NOT_FOUND',
      message: 'Meeting has ended',
      closeCode: CloseCode.notFound,
    });
    expect(refusals['meetingEnded']).toBe(1);
  });

  it('MC-5 one participant more than the meeting takes, counted', () => {
    expect(outcome.refused.fullMeeting).toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      message: 'Meeting has reached maximum participants',
    });
    expect(outcome.refused.fullMeeting.closeCode).toBeGreaterThanOrEqual(CloseCode.invalidRequest);
    expect(refusals['meetingFull']).toBe(1);
  });

  it('MC-1 MH-10 a signaling message over the bound, and one that is none, counted', () => {
    expect(outcome.refused.signalingOversized).toMatchObject({
      code: 'INVALID_REQUEST',
      closeCode: CloseCode.quotaExceeded,
    });
    expect(outcome.refused.signalingMalformed).toMatchObject({
      code: 'INVALID_REQUEST',
      closeCode: CloseCode.invalidRequest,
    });
    expect(refusals['messageOversized']).toBe(1);
    expect(refusals['messageMalformed']).toBe(1);
  });

  it('MC-7 a wrong connection token and a second use of a right one', () => {
    expect(outcome.refused.mediaWrongToken).toMatchObject({
      code: 'UNAUTHORIZED',
      closeCode: CloseCode.unauthorized,
    });
    expect(outcome.refused.mediaSecondUse).toMatchObject({
      code: 'UNAUTHORIZED',
      closeCode: CloseCode.unauthorized,
    });
    expect(drops['tokenRefused']).toBe(2);
  });

  it('MH-10 a media control message over the bound, and one that is none, counted', () => {
    expect(outcome.refused.mediaOversized.closeCode).toBe(CloseCode.quotaExceeded);
    expect(outcome.refused.mediaMalformed.closeCode).toBe(CloseCode.invalidRequest);
    expect(drops['messageOversized']).toBe(1);
    expect(drops['messageMalformed']).toBe(1);
  });

  it("MH-10 malformed frames and frames for a stream that is not the sender's, counted by reason", () => {
    expect(drops['notSendersStream']).toBe(outcome.thrown.notSendersStream);
    const malformed = ['truncated', 'unknownVersion', 'unknownType'].map((reason) => drops[reason] ?? 0);
    expect(malformed.reduce((sum, count) => sum + count)).toBe(outcome.thrown.malformed);
  });

  it('MH-4 MH-10 and nobody else in the meeting notices', () => {
    expect(outcome.bystanders.stillConnected).toBe(true);
    expect(outcome.bystanders.sent).toBeGreaterThan(30);
    expect(outcome.bystanders.received).toBe(outcome.bystanders.sent);
  });
});
