// The global controller on one machine: the app over an embedded DynamoDB, behind a Node server, with the meeting page.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { systemClock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { createPinnedClient, type PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { generateSigningJwk } from '../../shared/token/signingKey.ts';
import { createGlobalController } from '../app.ts';
import { cryptoRandom } from '../base/random.ts';
import { createHttpsControllerClient, PINNED_CLIENT_LIMITS } from '../controllers/httpsControllerClient.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import { createHumanCheck } from '../guest/createHumanCheck.ts';
import { bearerAccess, openAccess } from '../http/Access.ts';
import { createSweep, meetingSweepJobs, nodeSweepJobs } from '../sweep.ts';
import { importSigningKeys } from '../token/SigningKeys.ts';
import { loadSigningJwks } from '../token/signingKeyFile.ts';
import { userAccess } from '../token/userAccess.ts';
import { EmbeddedDynamo } from './EmbeddedDynamo.ts';
import type { LocalConfig } from './localConfig.ts';
import { localOnly } from './localOnly.ts';
import { addPageRoutes } from './pageRoutes.ts';
import { SweepTimer } from './SweepTimer.ts';

/** Requests under way get this long to end when the process stops. */
const DRAIN_MS = 1_000;
const DATABASE_DIRECTORY = 'dynamodb';
const ORG_ID = 'local';

export class LocalGlobalController {
  readonly url: string;
  readonly #server: Server;
  readonly #database: EmbeddedDynamo;
  readonly #https: PinnedClient;
  readonly #sweeping: SweepTimer;

  private constructor(
    url: string,
    server: Server,
    database: EmbeddedDynamo,
    https: PinnedClient,
    sweeping: SweepTimer,
  ) {
    this.url = url;
    this.#server = server;
    this.#database = database;
    this.#https = https;
    this.#sweeping = sweeping;
  }

  /** Serves when it resolves. Rejects, with everything ended again, with a reason a person can act on. */
  static async start(config: LocalConfig, log: Logger): Promise<LocalGlobalController> {
    const signingKeys = await importSigningKeys(
      config.dataDirectory === undefined
        ? [await generateSigningJwk()]
        : await loadSigningJwks(config.dataDirectory),
    );
    const database = await EmbeddedDynamo.start({
      tableName: config.tableName,
      ...(config.dataDirectory !== undefined && {
        directory: join(config.dataDirectory, DATABASE_DIRECTORY),
      }),
    });
    const https = createPinnedClient(PINNED_CLIENT_LIMITS);
    try {
      const { region, retentionMs } = config;
      const stores = createDynamoStores({
        client: database.client,
        tableName: config.tableName,
        clock: systemClock,
      });
      const tokens = userAccess({
        issuers: config.access.issuers,
        signingKeys,
        denylist: stores.access.denylist,
        fetch,
        clock: systemClock,
        log,
      });
      const controllerClient = createHttpsControllerClient({ https, signingKeys, clock: systemClock });
      const app = createGlobalController({
        region,
        stores,
        controllerClient,
        signingKeys,
        access: config.requiresTokens ? tokens : openAccess({ orgId: ORG_ID, subject: 'local' }, tokens),
        clients: config.access.clients,
        humanCheck: createHumanCheck(config.access.humanCheck, {
          signingKeys,
          oneTimeTokens: stores.access.oneTimeTokens,
          clock: systemClock,
        }),
        writesPerMinute: config.access.writesPerMinute,
        nodeAccess: bearerAccess(config.nodeToken, { orgId: ORG_ID, subject: 'node' }),
        clock: systemClock,
        random: cryptoRandom,
        log,
        retentionMs,
      });
      if (config.pageDirectory !== undefined) await addPageRoutes(app, config.pageDirectory);
      const host = urlHost(config.host);
      const guarded = localOnly((request: Request, env: unknown) => app.fetch(request, env), {
        host,
        port: () => (server.address() as AddressInfo).port,
        log,
      });
      const server: Server = createAdaptorServer({ fetch: guarded }) as Server;
      const port = await listen(server, config);
      const ending = { stores, controllerClient, clock: systemClock, retentionMs };
      const jobs = { ...nodeSweepJobs({ region, stores, log }), ...meetingSweepJobs(ending, log) };
      const sweeping = new SweepTimer(createSweep(jobs, log), systemClock);
      const url = `http://${host}:${port}`;
      return new LocalGlobalController(url, server, database, https, sweeping);
    } catch (error) {
      https.close();
      await database.stop();
      throw error;
    }
  }

  /** Takes no more requests, lets those under way end, and closes the database. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.#https.close();
      this.#server.closeAllConnections();
    }, DRAIN_MS);
    await closed;
    clearTimeout(timer);
    await this.#sweeping.stop();
    this.#https.close();
    await this.#database.stop();
  }
}

async function listen(server: Server, { host, port }: LocalConfig): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(listenFailure(cause, host, port), { cause });
  }
  return (server.address() as AddressInfo).port;
}

function listenFailure(cause: unknown, host: string, port: number): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken: choose another with --port N, or any free one with --port 0`;
    case 'EACCES':
      return `Port ${port} may not be used without more rights: choose one over 1023 with --port N`;
    default:
      return `Cannot listen on ${host} port ${port}: ${message}`;
  }
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
