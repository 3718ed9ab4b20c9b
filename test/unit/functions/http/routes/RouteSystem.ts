// A global controller that asks everyone for a token, one whose limit is used up, one whose database is away, and one
// that breaks; tokens of every kind; and a record of which route has answered with which status.
import { SignJWT } from 'jose';
import type { GlobalControllerApp } from '../../../../../functions/app.ts';
import type { HumanCheck } from '../../../../../functions/guest/HumanCheck.ts';
import { proofOfWork } from '../../../../../functions/guest/ProofOfWork.ts';
import type { Stores } from '../../../../../functions/Stores.ts';
import { sha256Hex } from '../../../../../functions/token/ApiClients.ts';
import { signAccessToken } from '../../../../../functions/token/builtInIssuer.ts';
import { userAccess } from '../../../../../functions/token/userAccess.ts';
import { ALL_SCOPES, API_AUDIENCE, type Scope } from '../../../../../shared/api/auth.ts';
import type { EpochMs } from '../../../../../shared/base/clock.ts';
import { signJoinToken } from '../../../../../shared/token/joinToken.ts';
import { TOKEN_ISSUER } from '../../../../../shared/token/signingKey.ts';
import { ControlPlane } from '../../support/ControlPlane.ts';

export const ORG = 'acme';
export const MEETING = 'standup';
export const CLIENT_SECRET = 'pW3vU6oQyKbJ2cR8nT5xZ1mD7sH4gL9f';
const DIFFICULTY_BITS = 4;

export interface UserTokenOptions {
  readonly orgId?: string;
  readonly subject?: string;
  readonly scopes?: readonly Scope[];
  readonly issuedAtSeconds?: number;
}

export class RouteSystem {
  readonly plane: ControlPlane;
  readonly app: GlobalControllerApp;
  /** Takes no request that changes something. */
  readonly limited: GlobalControllerApp;
  /** Has no database. */
  readonly away: GlobalControllerApp;
  /** Throws what nobody expects. */
  readonly broken: GlobalControllerApp;
  /** `operationId status`, of all answers so far. */
  readonly exercised = new Set<string>();
  /** `operationId status header`, of all answers so far. */
  readonly headersSeen = new Set<string>();

  private constructor(plane: ControlPlane, awayStores: Stores, clientSecretSha256: string) {
    this.plane = plane;
    const { signingKeys, clock, log } = plane;
    const create = (stores: Stores, humanCheck: HumanCheck, writesPerMinute: number): GlobalControllerApp =>
      plane.createApp({
        stores,
        humanCheck,
        writesPerMinute,
        access: userAccess({
          issuers: [],
          signingKeys,
          denylist: stores.access.denylist,
          fetch: () => Promise.reject(new Error('nobody is to be asked')),
          clock,
          log,
        }),
        clients: [
          {
            clientId: 'backend',
            secretSha256: clientSecretSha256,
            orgId: ORG,
            scopes: ['meetings:read', 'meetings:write'],
            tokenLifetimeSeconds: 900,
          },
        ],
      });
    const { oneTimeTokens } = plane.stores.access;
    const check = proofOfWork({ signingKeys, clock, oneTimeTokens, difficultyBits: DIFFICULTY_BITS });
    this.app = create(plane.stores, check, 1_000_000);
    this.limited = create(plane.stores, check, 0);
    this.away = create(awayStores, check, 1_000_000);
    this.broken = create(
      throwing({ ...plane.stores }) as unknown as Stores,
      throwing({ ...check }),
      1_000_000,
    );
  }

  static async start(): Promise<RouteSystem> {
    const [plane, away] = [await ControlPlane.start(), await ControlPlane.start()];
    await away.stop();
    const system = new RouteSystem(plane, away.stores, await sha256Hex(CLIENT_SECRET));
    const capacity = { max_streams: 1_000_000, max_bandwidth_bps: 10 ** 15 };
    await plane.addHandler('mh-1', { capacity });
    await plane.addHandler('mh-2', { capacity, zone: 'zone-b' });
    await plane.addHandler('mh-3', { capacity });
    await plane.addController('mc-1', { max_meetings: 1_000_000 });
    return system;
  }

  /** A fresh meeting of the organisation, assigned when `joined`. */
  async meeting(meetingId: string, { joined = false, allowGuests = false } = {}): Promise<void> {
    const headers = await this.userHeaders();
    const body = { meeting_id: meetingId, allow_guests: allowGuests };
    const made = await this.app.request('/api/v1/meetings', {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (made.status !== 201) throw new Error(`Got ${made.status}: ${await made.text()}`);
    if (joined) await this.join(meetingId);
  }

  /** A join token of the meeting. */
  async join(meetingId: string): Promise<string> {
    const answer = await this.app.request(`/api/v1/meetings/${meetingId}/join`, {
      method: 'POST',
      headers: await this.userHeaders(),
      body: JSON.stringify({ display_name: 'Ada' }),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`Got ${answer.status}: ${text}`);
    return (JSON.parse(text) as { join_token: string }).join_token;
  }

  async joinToken(
    meetingId: string,
    participantId: string,
    issuedAtSeconds = this.nowSeconds,
  ): Promise<string> {
    return await signJoinToken(this.plane.signingKeys.current(), {
      participantId,
      meetingId,
      displayName: 'Ada',
      controllerId: 'mc-1',
      generation: 1,
      issuedAtSeconds,
    });
  }

  get nowSeconds(): number {
    return Math.floor(this.plane.clock.nowMs / 1_000);
  }

  async userToken(options: UserTokenOptions = {}): Promise<string> {
    return await signAccessToken(this.plane.signingKeys, {
      orgId: options.orgId ?? ORG,
      subject: options.subject ?? 'ada',
      scopes: options.scopes ?? ALL_SCOPES,
      issuedAtSeconds: options.issuedAtSeconds ?? this.nowSeconds,
      lifetimeSeconds: 900,
    });
  }

  async userHeaders(options: UserTokenOptions = {}): Promise<Record<string, string>> {
    const token = await this.userToken(options);
    return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** Tokens that must not let anybody in, by what is wrong with them. */
  async badUserTokens(): Promise<Record<string, string>> {
    const good = await this.userToken({ subject: 'mallory' });
    const [header = '', payload = '', signature = ''] = good.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const revoked = await this.userToken({ subject: 'removed-user' });
    const expiresAtMs = (this.plane.clock.nowMs + 3_600_000) as EpochMs;
    const { denylist } = this.plane.stores.access;
    await denylist.denySubject(ORG, 'removed-user', this.nowSeconds, expiresAtMs);
    const byId = await this.userToken();
    const { jti } = JSON.parse(Buffer.from(byId.split('.')[1] ?? '', 'base64url').toString()) as {
      jti: string;
    };
    await denylist.denyToken(ORG, jti, expiresAtMs);
    return {
      expired: await this.userToken({ issuedAtSeconds: this.nowSeconds - 900 - 6 }),
      'not yet issued': await this.userToken({ issuedAtSeconds: this.nowSeconds + 60 }),
      'for another audience': await this.#sign({ audience: 'somebody-else' }),
      'of another issuer': await this.#sign({ issuer: 'https://elsewhere.example' }),
      'without an organisation': await this.#sign({ org: undefined }),
      'of an organisation that is none': await this.#sign({ org: 'a#b' }),
      'that lives for a week': await this.#sign({ lifetimeSeconds: 7 * 86_400 }),
      'that is a join token': await this.joinToken(MEETING, 'p-1'),
      'revoked with its subject': revoked,
      'revoked by its id': byId,
      'with other claims than were signed': [
        header,
        Buffer.from(JSON.stringify({ ...claims, org: 'other' })).toString('base64url'),
        signature,
      ].join('.'),
      'without a signature': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
      'that is no token': 'x',
    };
  }

  async #sign(changes: {
    audience?: string;
    issuer?: string;
    org?: string | undefined;
    lifetimeSeconds?: number;
  }): Promise<string> {
    const key = this.plane.signingKeys.current();
    const org = 'org' in changes ? changes.org : ORG;
    return await new SignJWT({ scope: ALL_SCOPES.join(' '), ...(org !== undefined && { org }) })
      .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
      .setIssuer(changes.issuer ?? TOKEN_ISSUER)
      .setAudience(changes.audience ?? API_AUDIENCE)
      .setSubject('ada')
      .setIssuedAt(this.nowSeconds)
      .setExpirationTime(this.nowSeconds + (changes.lifetimeSeconds ?? 900))
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    await this.plane.stop();
  }
}

/** The same object, however deep, of which every function fails. */
function throwing<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value === 'function') return () => Promise.reject(new Error('the secret is hunter2'));
      return typeof value === 'object' && value !== null ? throwing(value) : value;
    },
  });
}
