// Join tokens of every kind that must not do, for the routes that take one (ledger GC-15).
import { SignJWT } from 'jose';
import type { EpochMs } from '../../../../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../../../../shared/base/ids.ts';
import {
  JOIN_TOKEN_AUDIENCE,
  JOIN_TOKEN_LIFETIME_SECONDS,
  type JoinClaims,
} from '../../../../../shared/token/joinToken.ts';
import {
  generateSigningJwk,
  importSigningKey,
  type SigningKey,
  TOKEN_ISSUER,
} from '../../../../../shared/token/signingKey.ts';
import { ORG, type RouteSystem } from './RouteSystem.ts';

/** What a token is signed with other than a good one. */
interface Changes {
  readonly key?: SigningKey;
  readonly kid?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly issuedAtSeconds?: number;
  readonly participantId?: string;
  readonly claims?: { readonly meeting_id?: undefined; readonly user?: JoinClaims['user'] };
}

/** Long enough ago for every route, also for those that take a token which has expired lately. */
const LONG_AGO_SECONDS = 2 * 86_400;

/** A host's token, good for the meeting but for the changes. */
export async function hostToken(
  system: RouteSystem,
  meetingId: string,
  changes: Changes = {},
): Promise<string> {
  const key = changes.key ?? system.plane.signingKeys.current();
  const issuedAtSeconds = changes.issuedAtSeconds ?? system.nowSeconds;
  const claims = {
    meeting_id: meetingId,
    name: 'Ada',
    controller_id: 'mc-1',
    generation: 1,
    role: 'host',
    ...changes.claims,
  };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: changes.kid ?? key.kid })
    .setIssuer(changes.issuer ?? TOKEN_ISSUER)
    .setAudience(changes.audience ?? JOIN_TOKEN_AUDIENCE)
    .setSubject(changes.participantId ?? 'p-host')
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(issuedAtSeconds + JOIN_TOKEN_LIFETIME_SECONDS)
    .sign(key.privateKey);
}

/** Tokens that prove nothing, by what is wrong with them: each is hostToken's but for that. */
export async function unprovenTokens(
  system: RouteSystem,
  meetingId: string,
): Promise<Record<string, string>> {
  const own = system.plane.signingKeys.current();
  const key = await importSigningKey(await generateSigningJwk());
  const [header = '', payload = '', signature = ''] = (await hostToken(system, meetingId)).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const otherPayload = Buffer.from(JSON.stringify({ ...claims, sub: 'p-other' })).toString('base64url');
  return {
    expired: await hostToken(system, meetingId, { issuedAtSeconds: system.nowSeconds - LONG_AGO_SECONDS }),
    'not yet issued': await hostToken(system, meetingId, { issuedAtSeconds: system.nowSeconds + 60 }),
    'for another audience': await hostToken(system, meetingId, { audience: 'somebody-else' }),
    'of another issuer': await hostToken(system, meetingId, { issuer: 'https://elsewhere.example' }),
    'signed with another key': await hostToken(system, meetingId, { key }),
    'signed with another key under the name of ours': await hostToken(system, meetingId, {
      key,
      kid: own.kid,
    }),
    'without a meeting': await hostToken(system, meetingId, { claims: { meeting_id: undefined } }),
    'with other claims than were signed': [header, otherPayload, signature].join('.'),
    'without a signature': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    'that is no token': 'x',
  };
}

/** Tokens that are as signed, of those who may no longer act: a removed participant, and a user whose tokens were revoked. */
export async function withdrawnTokens(
  system: RouteSystem,
  meetingId: string,
): Promise<Record<string, string>> {
  const untilMs = (system.plane.clock.nowMs + 3_600_000) as EpochMs;
  const { removedParticipants, denylist } = system.plane.stores.access;
  await removedParticipants.add(meetingId as MeetingId, 'p-removed' as ParticipantId, untilMs);
  await denylist.denySubject(ORG, 'withdrawn-user', system.nowSeconds, untilMs);
  const user = { org_id: ORG, subject: 'withdrawn-user', joined_at: system.nowSeconds };
  return {
    'of a removed participant': await hostToken(system, meetingId, { participantId: 'p-removed' }),
    'of a user whose tokens were revoked': await hostToken(system, meetingId, { claims: { user } }),
  };
}
