// A global controller as it is on one machine or on Lambda, with a fleet that reports: the embedded DynamoDB, tokens
// checked, limits counted, meeting controllers on the network.
import { createGlobalController, type GlobalControllerApp } from '../../../functions/app.ts';
import { cryptoRandom } from '../../../functions/base/random.ts';
import {
  createHttpsControllerClient,
  PINNED_CLIENT_LIMITS,
} from '../../../functions/controllers/httpsControllerClient.ts';
import { createDynamoStores } from '../../../functions/dynamo/stores.ts';
import { type Access, bearerAccess } from '../../../functions/http/Access.ts';
import { EmbeddedDynamo } from '../../../functions/local/EmbeddedDynamo.ts';
import { signAccessToken } from '../../../functions/token/builtInIssuer.ts';
import { importSigningKeys } from '../../../functions/token/SigningKeys.ts';
import { userAccess } from '../../../functions/token/userAccess.ts';
import { ALL_SCOPES } from '../../../shared/api/auth.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { createLogger } from '../../../shared/base/log.ts';
import { Secret } from '../../../shared/base/secret.ts';
import { createPinnedClient, type PinnedClient } from '../../../shared/node/pinnedHttps.ts';
import { generateSigningJwk } from '../../../shared/token/signingKey.ts';
import { handlerRegistration, loadReport, REGION } from '../../unit/functions/support/ControlPlane.ts';
import { HttpsController } from '../../unit/functions/support/HttpsController.ts';
import { Clockwork } from './Clockwork.ts';

const HANDLERS = 100;
const CONTROLLERS = 4;
const ZONES = ['zone-a', 'zone-b', 'zone-c'];
const ROOMY = 1_000_000;
const NODE_TOKEN = 'node-token-of-the-benchmark-0123456789';
const TOKEN_LIFETIME_SECONDS = 3_600;
/** As on AWS the writes of each client are counted; nobody reaches this. */
const WRITES_PER_MINUTE = 100_000_000;

/** A request that was answered with another status than it should have been. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly status: number;

  constructor(status: number, path: string, text: string) {
    super(`Got ${status} from ${path}: ${text}`);
    this.status = status;
  }
}

export class BenchedControlPlane {
  readonly clockwork = new Clockwork();
  readonly access: Access;
  readonly #app: GlobalControllerApp;
  readonly #token: string;
  readonly #signToken: (subject: string) => Promise<string>;
  readonly #database: EmbeddedDynamo;
  readonly #controllers: readonly HttpsController[];
  readonly #https: PinnedClient;

  private constructor(parts: {
    readonly app: (clockwork: Clockwork) => GlobalControllerApp;
    readonly access: Access;
    readonly token: string;
    readonly signToken: (subject: string) => Promise<string>;
    readonly database: EmbeddedDynamo;
    readonly controllers: readonly HttpsController[];
    readonly https: PinnedClient;
  }) {
    this.access = parts.access;
    this.#token = parts.token;
    this.#signToken = parts.signToken;
    this.#database = parts.database;
    this.#controllers = parts.controllers;
    this.#https = parts.https;
    this.clockwork.observeDatabase(parts.database.client);
    this.#app = parts.app(this.clockwork);
  }

  static async start(): Promise<BenchedControlPlane> {
    const clock = systemClock;
    const signingKeys = await importSigningKeys([await generateSigningJwk()]);
    const database = await EmbeddedDynamo.start({ tableName: 'bench' });
    const controllers = await Promise.all(
      Array.from({ length: CONTROLLERS }, (_, i) =>
        HttpsController.start({ id: `mc-${i}`, signingKeys, now: () => new Date() }),
      ),
    );
    const https = createPinnedClient(PINNED_CLIENT_LIMITS);
    const stores = createDynamoStores({ client: database.client, tableName: 'bench', clock });
    const log = createLogger({ level: 'info', write: () => undefined });
    const { denylist } = stores.access;
    const access = userAccess({ issuers: [], signingKeys, denylist, fetch, clock, log });
    const app = (clockwork: Clockwork): GlobalControllerApp =>
      createGlobalController({
        region: REGION,
        stores,
        controllerClient: clockwork.observeControllers(
          createHttpsControllerClient({ https, signingKeys, clock }),
        ),
        signingKeys,
        access,
        nodeAccess: bearerAccess(new Secret(NODE_TOKEN), { orgId: 'bench', subject: 'node' }),
        writesPerMinute: WRITES_PER_MINUTE,
        clock,
        random: cryptoRandom,
        log,
      });
    const signToken = async (subject: string): Promise<string> =>
      await signAccessToken(signingKeys, {
        subject,
        orgId: 'bench',
        scopes: ALL_SCOPES,
        issuedAtSeconds: Math.floor(clock.epochMs() / 1_000),
        lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
      });
    const token = await signToken('bench');
    const plane = new BenchedControlPlane({ app, access, token, signToken, database, controllers, https });
    await plane.#register();
    return plane;
  }

  /** Every node reports: none falls silent, and what was reserved is accounted for. */
  async refresh(): Promise<void> {
    for (let i = 0; i < HANDLERS; i++) await this.reportLoad(i);
    for (const { id } of this.#controllers)
      await this.#node(`meeting-controllers/${id}/heartbeats`, {
        controller_id: id,
        health: 'HEALTHY',
        meetings: 0,
        participants: 0,
        cpu_ratio: 0.1,
      });
  }

  async createMeeting(meetingId: string): Promise<void> {
    await this.#public('', { meeting_id: meetingId }, 201);
  }

  async getMeeting(meetingId: string): Promise<void> {
    await this.#public(`/${meetingId}`);
  }

  async join(meetingId: string): Promise<void> {
    await this.#public(`/${meetingId}/join`, { display_name: 'Ada' });
  }

  async reportLoad(handler: number): Promise<void> {
    const id = `mh-${handler % HANDLERS}`;
    await this.#node(`media-handlers/${id}/load-reports`, loadReport(id, { cpu_ratio: 0.2 }));
  }

  /** The token that every request of this client shows. */
  async verifyToken(): Promise<void> {
    await this.verifyNewToken(this.#token);
  }

  async verifyNewToken(token: string | undefined): Promise<void> {
    if (token === undefined) throw new Error('There is no token left');
    const request = new Request('http://localhost/', { headers: { authorization: `Bearer ${token}` } });
    const caller = await this.access.identify(request);
    if (!caller.ok) throw new Error(caller.reason);
  }

  /** Each of a subject of its own. */
  async signTokens(count: number): Promise<string[]> {
    return await Promise.all(Array.from({ length: count }, (_, i) => this.#signToken(`user-${i}`)));
  }

  async stop(): Promise<void> {
    this.#https.close();
    await Promise.all(this.#controllers.map((controller) => controller.stop()));
    await this.#database.stop();
  }

  async #register(): Promise<void> {
    for (let i = 0; i < HANDLERS; i++)
      await this.#node(
        'media-handlers',
        handlerRegistration(`mh-${i}`, {
          zone: ZONES[i % ZONES.length],
          capacity: { max_streams: ROOMY, max_bandwidth_bps: 1e12 },
        }),
      );
    for (const { registration } of this.#controllers)
      await this.#node('meeting-controllers', { ...registration, max_meetings: ROOMY });
    await this.refresh();
  }

  async #public(path: string, body?: object, status = 200): Promise<void> {
    await this.#request(`/api/v1/meetings${path}`, this.#token, body, status);
  }

  async #node(path: string, body: object): Promise<void> {
    await this.#request(`/api/v1/${path}`, NODE_TOKEN, body, 200);
  }

  async #request(path: string, token: string, body: object | undefined, status: number): Promise<void> {
    const response = await this.#app.request(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status) throw new RequestFailed(response.status, path, text);
  }
}
