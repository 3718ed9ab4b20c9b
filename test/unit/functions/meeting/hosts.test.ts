// Who is a host, and what a host may do through the API with nothing but its join token.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearerAccess } from '../../../../functions/http/Access.ts';
import type { Scope } from '../../../../shared/api/auth.ts';
import type { ParticipantId } from '../../../../shared/base/ids.ts';
import { Secret } from '../../../../shared/base/secret.ts';
import { type JoinClaims, verifyJoinToken } from '../../../../shared/token/joinToken.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import { RouteSystem } from '../http/routes/RouteSystem.ts';

interface Answer {
  readonly status: number;
  readonly joinToken: string;
  readonly error: { readonly message: string; readonly details: object } | undefined;
  readonly challenge: string | null;
}

const MEETING = 'planning';
const JOINING: readonly Scope[] = ['meetings:join'];
let system: RouteSystem;

beforeAll(async () => {
  system = await RouteSystem.start();
  await system.meeting(MEETING);
});

afterAll(async () => {
  await system.stop();
});

async function read(response: Response): Promise<Answer> {
  const body = (await response.json()) as { join_token?: string; error?: Answer['error'] };
  return {
    status: response.status,
    joinToken: body.join_token ?? '',
    error: body.error,
    challenge: response.headers.get('www-authenticate'),
  };
}

async function join(subject: string, role?: string, scopes = JOINING): Promise<Answer> {
  return await read(
    await system.app.request(`/api/v1/meetings/${MEETING}/join`, {
      method: 'POST',
      headers: await system.userHeaders({ subject, scopes }),
      body: JSON.stringify({ display_name: 'Ada', ...(role !== undefined && { role }) }),
    }),
  );
}

async function remove(meetingId: string, participantId: string, token: string): Promise<Answer> {
  const path = `/api/v1/meetings/${meetingId}/participants/${participantId}`;
  const headers = { authorization: `Bearer ${token}` };
  return await read(await system.app.request(path, { method: 'DELETE', headers }));
}

async function claimsOf({ joinToken }: Answer): Promise<JoinClaims> {
  const keys = keySetResolver(system.plane.signingKeys.publicKeys());
  const verified = await verifyJoinToken(joinToken, keys, new Date(system.plane.clock.nowMs));
  if (!verified.ok) throw new Error(verified.reason);
  return verified.value;
}

describe('the role of a join', () => {
  it('MC-10 GC-15 is host for whoever made the meeting and asks for it, and for nobody who does not ask', async () => {
    expect((await claimsOf(await join('ada', 'host'))).role).toBe('host');
    expect((await claimsOf(await join('ada'))).role).toBe(undefined);
    expect((await claimsOf(await join('ada', 'participant'))).role).toBe(undefined);
  });

  it('MC-10 GC-15 is host for a token with the scope, also by link', async () => {
    const scopes: readonly Scope[] = ['meetings:join', 'meetings:host'];
    expect((await claimsOf(await join('ben', 'host', scopes))).role).toBe('host');
    const byLink = await system.app.request(`/api/v1/meetings/${MEETING}/join?display_name=Ben&role=host`, {
      headers: await system.userHeaders({ subject: 'ben', scopes }),
    });
    expect((await claimsOf(await read(byLink))).role).toBe('host');
  });

  it('MC-10 GC-15 is refused with 403 and the scope to anybody else, who may still join without it', async () => {
    const refused = await join('ben', 'host');
    expect(refused).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="meetings:host"',
      error: {
        message: 'Only who made the meeting, or a token with the scope "meetings:host", may join as a host',
        details: { scope: 'meetings:host' },
      },
    });
    expect((await join('ben')).status).toBe(200);
    expect((await join('ada', 'owner')).status).toBe(400);
  });

  it('MC-10 GC-14 GC-15 tells callers of different issuers apart who have the same subject: hosts, keys and counters', async () => {
    const callers = ['https://one.example', 'https://two.example', undefined].map((issuer, index) => {
      const key = `${index}`.repeat(32);
      const identity = { orgId: 'shared', subject: 'ada', ...(issuer !== undefined && { issuer }) };
      const access = bearerAccess(new Secret(key), identity, ['meetings:write', 'meetings:join']);
      const app = system.plane.createApp({ access, writesPerMinute: 10 });
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
      return (path: string, body: object, more = {}) =>
        app.request(path, {
          method: 'POST',
          headers: { ...headers, ...more },
          body: JSON.stringify(body),
        });
    });
    const left: (string | null)[] = [];
    for (const [index, post] of callers.entries()) {
      const meeting = { meeting_id: `of-${index}` };
      const made = await post('/api/v1/meetings', meeting, { 'idempotency-key': 'first' });
      expect([made.status, await made.json()]).toMatchObject([201, meeting]);
      left.push(made.headers.get('ratelimit-remaining'));
    }
    expect(left).toEqual(['9', '9', '9']);
    const body = { display_name: 'Ada', role: 'host' };
    for (const [index, post] of callers.entries())
      for (const of of callers.keys()) {
        const joined = await post(`/api/v1/meetings/of-${of}/join`, body);
        expect(joined.status, `${index} at the meeting of ${of}`).toBe(of === index ? 200 : 403);
      }
  });

  it('GC-16 is never host for guests', async () => {
    await system.meeting('open-day', { allowGuests: true });
    const answer = await read(
      await system.app.request('/api/v1/meetings/open-day/join', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ display_name: 'Guest', role: 'host' }),
      }),
    );
    expect([answer.status, answer.error?.message]).toEqual([
      403,
      'Guests cannot be hosts: send a user token, or join as a participant',
    ]);
  });

  it('GC-15 stays what it is when the join token is refreshed', async () => {
    for (const role of ['host', undefined]) {
      const { joinToken } = await join('ada', role);
      const refreshed = await read(
        await system.app.request(`/api/v1/meetings/${MEETING}/join/refresh`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ join_token: joinToken }),
        }),
      );
      expect((await claimsOf(refreshed)).role).toBe(role);
    }
  });

  it('MC-10 is host for whoever asks where access is open to all, as on one machine', async () => {
    await system.plane.createMeeting('local');
    const answer = await read(
      await system.plane.post('/api/v1/meetings/local/join', { display_name: 'Ada', role: 'host' }),
    );
    expect((await claimsOf(answer)).role).toBe('host');
  });
});

describe('a host with its join token', () => {
  it('MC-10 GC-15 removes a participant of its meeting', async () => {
    const host = await join('ada', 'host');
    const { sub } = await claimsOf(await join('ben'));
    system.plane.controllers.participants.set(MEETING, [
      { participant_id: sub, user_id: 2, display_name: 'Ben', joined_at_ms: system.plane.clock.nowMs },
    ]);
    const removed = await remove(MEETING, sub, host.joinToken);
    expect(removed.status).toBe(200);
    expect(system.plane.controllers.participants.get(MEETING)).toEqual([]);
    const { removedParticipants } = system.plane.stores.access;
    expect(await removedParticipants.has(MEETING as never, sub as ParticipantId)).toBe(true);
  });

  it('MC-10 GC-15 removes nobody without being a host, after being removed, elsewhere, or with an old token', async () => {
    const host = await join('ada', 'host');
    const plain = await join('ada');
    await system.meeting('retro');
    expect((await remove(MEETING, 'p-9', plain.joinToken)).error?.message).toBe(
      'Only a host may remove others',
    );
    expect(await remove('retro', 'p-9', host.joinToken)).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    });
    const gone = await join('ada', 'host');
    expect((await remove(MEETING, (await claimsOf(gone)).sub, host.joinToken)).status).toBe(200);
    expect((await remove(MEETING, 'p-9', gone.joinToken)).status).toBe(403);
    system.plane.clock.advance(606_000);
    expect((await remove(MEETING, 'p-9', host.joinToken)).status).toBe(401);
  });
});
