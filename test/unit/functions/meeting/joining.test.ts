// Ways into a meeting: guests behind a check, participants who stay, participants who were removed, links.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GlobalControllerApp } from '../../../../functions/app.ts';
import { MAX_GIVEN_BACK } from '../../../../functions/token/OneTimeTokens.ts';
import type { GuestChallengeBody } from '../../../../shared/api/guest.ts';
import { leadingZeroBits } from '../../../../shared/api/guest.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';
import { verifyJoinToken } from '../../../../shared/token/joinToken.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import { MEETING, ORG, RouteSystem } from '../http/routes/RouteSystem.ts';

let system: RouteSystem;
let app: GlobalControllerApp;

beforeEach(async () => {
  system = await RouteSystem.start();
  app = system.app;
  await system.meeting(MEETING, { allowGuests: true });
});

afterEach(async () => {
  await system.stop();
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await app.request(`/api/v1/meetings/${MEETING}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, string> & { error?: { message: string } },
  };
}

const join = (human_check?: object) =>
  post('/join', { display_name: 'Guest', ...(human_check && { human_check }) });

async function solve(): Promise<{ challenge: string; answer: string }> {
  const { body } = await post('/guest-challenges', {});
  const given = body as unknown as GuestChallengeBody;
  if (given.type !== 'proof_of_work') throw new Error(`Got ${given.type}`);
  for (let nonce = 0; ; nonce++) {
    const digest = createHash('sha256').update(`${given.challenge}.${nonce}`).digest();
    if (leadingZeroBits(digest) >= given.difficulty_bits)
      return { challenge: given.challenge, answer: String(nonce) };
  }
}

async function claimsOf(joinToken = '') {
  const keys = keySetResolver(system.plane.signingKeys.publicKeys());
  const verified = await verifyJoinToken(joinToken, keys, new Date(system.plane.clock.nowMs));
  if (!verified.ok) throw new Error(verified.reason);
  return verified.value;
}

describe('guests', () => {
  it('GC-16 come in with a challenge solved, once', async () => {
    const solved = await solve();
    const joined = await join(solved);
    expect(joined.status).toBe(200);
    expect((await claimsOf(joined.body['join_token'])).user).toBe(undefined);
    const again = await join(solved);
    expect([again.status, again.body.error?.message]).toEqual([
      403,
      'Challenge has been used: ask for a new one',
    ]);
  });

  it('GC-14 GC-16 may show it again when they were turned away for other reasons than their own', async () => {
    const solved = await solve();
    app = system.limited;
    expect((await join(solved)).status).toBe(429);
    app = system.app;
    system.plane.controllers.behaviour.set('mc-1', 'fails');
    expect((await join(solved)).status).toBe(503);
    system.plane.controllers.behaviour.delete('mc-1');
    expect((await join(solved)).status).toBe(200);
    expect((await join(solved)).status).toBe(403);
  });

  it('GC-14 GC-16 have to solve another challenge after many times: one is no leave to ask without end', async () => {
    const solved = await solve();
    app = system.limited;
    for (let time = 0; time <= MAX_GIVEN_BACK; time++) expect((await join(solved)).status).toBe(429);
    app = system.app;
    expect((await join(solved)).status).toBe(403);
    expect((await join(await solve())).status).toBe(200);
  });

  it('GC-14 GC-16 use up nothing of what a meeting’s guests may do with answers that are wrong or were used', async () => {
    const counted: string[] = [];
    const { requests } = system.plane.stores.access;
    const count = vi.spyOn(requests, 'count').mockImplementation(async (client) => counted.push(client));
    const solved = await solve();
    expect((await join({ ...solved, challenge: `${solved.challenge}x` })).status).toBe(403);
    expect((await join(solved)).status).toBe(200);
    expect((await join(solved)).status).toBe(403);
    expect(counted).toEqual([JSON.stringify(['guests', MEETING])]);
    count.mockRestore();
  });

  it('GC-16 do not come in without one, with a wrong answer, an old one, or one for another meeting', async () => {
    expect((await join()).status).toBe(403);
    const solved = await solve();
    expect((await join({ ...solved, challenge: `${solved.challenge}x` })).status).toBe(403);
    const digestOf = (answer: string) =>
      createHash('sha256').update(`${solved.challenge}.${answer}`).digest();
    const wrong = Array.from({ length: 100 }, (_, at) => `w${at}`).find(
      (text) => leadingZeroBits(digestOf(text)) < 4,
    );
    expect((await join({ ...solved, answer: wrong })).body.error?.message).toContain(
      'starts with 4 zero bits',
    );
    await system.meeting('retro', { allowGuests: true });
    const elsewhere = await app.request('/api/v1/meetings/retro/join', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ display_name: 'Guest', human_check: solved }),
    });
    expect(elsewhere.status).toBe(403);
    system.plane.clock.advance(300_000);
    expect((await join(solved)).body.error?.message).toContain('not valid or has expired');
  });

  it('GC-16 find a meeting that lets none in no different from one that is not there', async () => {
    await system.meeting('private');
    const answers = await Promise.all(
      ['private', 'none'].map(async (id) => {
        const response = await app.request(`/api/v1/meetings/${id}/join`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ display_name: 'Guest', human_check: await solve() }),
        });
        return { status: response.status, body: await response.text() };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.status).toBe(401);
  });
});

describe('refreshing a join token', () => {
  it('GC-15 keeps the participant, a minute after the end at the latest', async () => {
    const first = await system.join(MEETING);
    const before = await claimsOf(first);
    system.plane.clock.advance(600_000 + 60_000);
    await system.plane.reportHandler('mh-1');
    await system.plane.sendHeartbeat('mc-1', { meetings: 1, participants: 1, cpu_ratio: 0 });
    const refreshed = await post('/join/refresh', { join_token: first });
    expect(refreshed.status).toBe(200);
    const after = await claimsOf(refreshed.body['join_token']);
    expect(after).toMatchObject({ sub: before.sub, name: before.name, user: before.user });
    expect(after.jti).not.toBe(before.jti);
    system.plane.clock.advance(660_000 + 6_000);
    const late = await post('/join/refresh', { join_token: refreshed.body['join_token'] });
    expect([late.status, late.body.error?.message]).toEqual([401, 'Invalid or expired join token']);
  });

  it('GC-15 is refused to whoever was removed, also when its controller is away', async () => {
    const token = await system.join(MEETING);
    const { sub } = await claimsOf(token);
    system.plane.controllers.behaviour.set('mc-1', 'fails');
    const headers = await system.userHeaders();
    const path = `/api/v1/meetings/${MEETING}/participants/${sub}`;
    expect((await app.request(path, { method: 'DELETE', headers })).status).toBe(503);
    expect((await post('/join/refresh', { join_token: token })).status).toBe(403);
    system.plane.controllers.behaviour.delete('mc-1');
    system.plane.controllers.participants.set(MEETING, [
      { participant_id: sub, user_id: 1, display_name: 'Ada', joined_at_ms: system.plane.clock.nowMs },
    ]);
    const removed = await app.request(path, { method: 'DELETE', headers });
    expect(await removed.json()).toEqual({ participant_id: sub, removed: true });
    expect(system.plane.controllers.participants.get(MEETING)).toEqual([]);
  });

  it('GC-15 is refused to whoever’s user tokens were revoked, and to no guest for that', async () => {
    const token = await system.join(MEETING);
    const guest = (await join(await solve())).body['join_token'];
    const expiresAtMs = (system.plane.clock.nowMs + 3_600_000) as EpochMs;
    await system.plane.stores.access.denylist.denySubject(ORG, 'ada', system.nowSeconds, expiresAtMs);
    expect((await post('/join/refresh', { join_token: token })).status).toBe(403);
    expect((await post('/join/refresh', { join_token: guest })).status).toBe(200);
  });
});

describe('an idempotency key', () => {
  const create = async (key: string, body: object, subject = 'ada') => {
    const response = await app.request('/api/v1/meetings', {
      method: 'POST',
      headers: { ...(await system.userHeaders({ subject })), 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('GC-14 makes one meeting of the same request, at once or later, changed or not, for a day', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('k', { display_name: 'One' })));
    for (const answer of answers) expect(answer).toEqual({ ...answers[0], status: 201 });
    const id = String(answers[0]?.body['meeting_id']);
    await app.request(`/api/v1/meetings/${id}`, {
      method: 'PATCH',
      headers: await system.userHeaders(),
      body: '{"display_name":"Renamed"}',
    });
    expect(await create('k', { display_name: 'One' })).toEqual(answers[0]);
    expect((await create('k', { display_name: 'One' }, 'bob')).body['meeting_id']).not.toBe(id);
    system.plane.clock.advance(24 * 3_600_000 + 1_000);
    expect((await create('k', { display_name: 'One' })).body['meeting_id']).not.toBe(id);
  });

  it('GC-14 is refused for another request, and when it is none', async () => {
    await create('k', { display_name: 'One' });
    expect((await create('k', { display_name: 'Two' })).status).toBe(422);
    expect((await create('x'.repeat(256), {})).status).toBe(400);
  });

  it('GC-14 finishes what died half way, and does not take what was there before', async () => {
    const { idempotency } = system.plane.stores.access;
    const complete = idempotency.complete;
    (idempotency as { complete: typeof complete }).complete = () => Promise.reject(new Error('process died'));
    expect((await create('k', { meeting_id: 'chosen' })).status).toBe(500);
    (idempotency as { complete: typeof complete }).complete = complete;
    expect(await create('k', { meeting_id: 'chosen' })).toMatchObject({
      status: 201,
      body: { meeting_id: 'chosen' },
    });
    system.plane.clock.advance(10_000);
    expect((await create('other', { meeting_id: 'chosen' })).status).toBe(409);
  });

  it('GC-14 answers with no meeting that somebody else has just made, though it is as asked for', async () => {
    const wish = { meeting_id: 'chosen' };
    expect((await create('k', wish, 'bob')).status).toBe(201);
    expect((await create('k', wish, 'ada')).status).toBe(409);
  });
});
