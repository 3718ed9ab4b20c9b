// A global controller over a real (embedded) DynamoDB, with a clock that tests drive.
import {
  createGlobalController,
  type GlobalControllerApp,
  type GlobalControllerOptions,
} from '../../../../functions/app.ts';
import { cryptoRandom } from '../../../../functions/base/random.ts';
import type { ControllerClient } from '../../../../functions/controllers/ControllerClient.ts';
import { createDynamoStores } from '../../../../functions/dynamo/stores.ts';
import type { HumanCheck } from '../../../../functions/guest/HumanCheck.ts';
import { type Access, bearerAccess, openAccess } from '../../../../functions/http/Access.ts';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import type { Stores } from '../../../../functions/Stores.ts';
import { importSigningKeys, type SigningKeys } from '../../../../functions/token/SigningKeys.ts';
import type { Clock, EpochMs } from '../../../../shared/base/clock.ts';
import { createLogger, type Logger } from '../../../../shared/base/log.ts';
import { Secret } from '../../../../shared/base/secret.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';
import { FakeControllers } from './FakeControllers.ts';

export const REGION = 'test-1';
export const NODE_TOKEN = 'node-token-0123456789abcdef';
export const START_MS = Date.UTC(2026, 10, 21, 10);

export class TestClock implements Clock {
  nowMs = START_MS;
  epochMs(): EpochMs {
    return this.nowMs as EpochMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  advance(ms: number): void {
    this.nowMs += ms;
  }
}

export interface AppOptions {
  readonly access?: Access;
  readonly controllerClient?: ControllerClient;
  readonly stores?: Stores;
  readonly log?: Logger;
  readonly clients?: GlobalControllerOptions['clients'];
  readonly humanCheck?: HumanCheck;
  readonly writesPerMinute?: number;
}

export class ControlPlane {
  readonly clock = new TestClock();
  readonly controllers = new FakeControllers();
  readonly lines: string[] = [];
  readonly log = createLogger({ level: 'debug', write: (line) => this.lines.push(line) });
  readonly database: EmbeddedDynamo;
  readonly stores: Stores;
  readonly signingKeys: SigningKeys;
  readonly app: GlobalControllerApp;

  private constructor(database: EmbeddedDynamo, signingKeys: SigningKeys) {
    this.database = database;
    this.signingKeys = signingKeys;
    this.stores = createDynamoStores({ client: database.client, tableName: 'test', clock: this.clock });
    this.app = this.createApp();
  }

  static async start(directory?: string): Promise<ControlPlane> {
    const database = await EmbeddedDynamo.start({
      tableName: 'test',
      ...(directory !== undefined && { directory }),
    });
    return new ControlPlane(database, await importSigningKeys([await generateSigningJwk()]));
  }

  /** Another process over the same table. */
  createApp(options: AppOptions = {}): GlobalControllerApp {
    return createGlobalController({
      region: REGION,
      stores: options.stores ?? this.stores,
      controllerClient: options.controllerClient ?? this.controllers,
      signingKeys: this.signingKeys,
      access: options.access ?? openAccess({ orgId: 'default', subject: 'test' }),
      nodeAccess: bearerAccess(new Secret(NODE_TOKEN), { orgId: 'default', subject: 'node' }),
      clock: this.clock,
      random: cryptoRandom,
      log: options.log ?? this.log,
      ...(options.clients && { clients: options.clients }),
      ...(options.humanCheck && { humanCheck: options.humanCheck }),
      writesPerMinute: options.writesPerMinute,
    });
  }

  post(path: string, body?: unknown, app = this.app): Promise<Response> {
    return Promise.resolve(
      app.request(path, {
        method: 'POST',
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json', authorization: `Bearer ${NODE_TOKEN}` },
          body: JSON.stringify(body),
        }),
      }),
    );
  }

  get(path: string, app = this.app): Promise<Response> {
    return Promise.resolve(app.request(path));
  }

  async addHandler(id: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.expectOk(this.post('/api/v1/media-handlers', handlerRegistration(id, overrides)));
    await this.reportHandler(id);
  }

  async reportHandler(id: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.expectOk(this.post(`/api/v1/media-handlers/${id}/load-reports`, loadReport(id, overrides)));
  }

  async addController(id: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.expectOk(this.post('/api/v1/meeting-controllers', controllerRegistration(id, overrides)));
    await this.sendHeartbeat(id, { meetings: 0, participants: 0, cpu_ratio: 0 });
  }

  async sendHeartbeat(id: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.expectOk(
      this.post(`/api/v1/meeting-controllers/${id}/heartbeats`, {
        controller_id: id,
        health: 'HEALTHY',
        ...overrides,
      }),
    );
  }

  async createMeeting(meetingId: string): Promise<void> {
    await this.expectOk(this.post('/api/v1/meetings', { meeting_id: meetingId }));
  }

  join(meetingId: string, app = this.app): Promise<Response> {
    return this.post(`/api/v1/meetings/${meetingId}/join`, { display_name: 'Ada' }, app);
  }

  async stop(): Promise<void> {
    await this.database.stop();
  }

  private async expectOk(answer: Promise<Response>): Promise<void> {
    const response = await answer;
    if (!response.ok) throw new Error(`Got ${response.status}: ${await response.text()}`);
  }
}

export function certificateHash(of: string): string {
  return `${Buffer.from(of.padEnd(32, '.').slice(0, 32)).toString('base64')}`;
}

export function handlerRegistration(id: string, overrides: Readonly<Record<string, unknown>> = {}) {
  return {
    ...nodeRegistration(id),
    handler_id: id,
    capacity: { max_streams: 100, max_bandwidth_bps: 1_000_000_000 },
    ...overrides,
  };
}

export function controllerRegistration(id: string, overrides: Readonly<Record<string, unknown>> = {}) {
  return { ...nodeRegistration(id), controller_id: id, max_meetings: 100, ...overrides };
}

export function loadReport(id: string, overrides: Readonly<Record<string, unknown>> = {}) {
  return {
    handler_id: id,
    health: 'HEALTHY',
    streams: 0,
    cpu_ratio: 0,
    bandwidth_in_bps: 0,
    bandwidth_out_bps: 0,
    packet_loss_ratio: 0,
    ...overrides,
  };
}

function nodeRegistration(id: string) {
  return {
    region: REGION,
    zone: 'zone-a',
    webtransport_url: `https://${id}.example.org:4433/signaling`,
    internal_url: `https://${id}.internal:8443`,
    certificate_hashes: [certificateHash(id)],
  };
}
