// DynamoDB inside this process, for a system on one machine: the same client, table and conditions as on AWS.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Secret } from '../../shared/base/secret.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createTable } from '../dynamo/createTable.ts';
import { createAccessKeyId, guardWithKey } from './keyGuard.ts';

const LOOPBACK = '127.0.0.1';

export interface EmbeddedDynamoOptions {
  readonly tableName: string;
  /** Directory of the store, of which one process at a time may be the owner; absent keeps it in memory. */
  readonly directory?: string;
}

export class EmbeddedDynamo {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  /** What a client of one's own has to sign with: everyone else is refused. */
  readonly accessKeyId: Secret;
  readonly #server: Server;

  private constructor(server: Server, endpoint: string, accessKeyId: Secret) {
    this.#server = server;
    this.endpoint = endpoint;
    this.accessKeyId = accessKeyId;
    this.client = createDynamoClient({ region: 'local', own: { endpoint, accessKeyId } });
  }

  /**
   * Starts it, with the table and its index. A store that another process owns is not an error that this can reject with:
   * dynalite throws it from a callback, as an uncaught exception "Database is closed" or "Database is not open".
   */
  static async start({ tableName, directory }: EmbeddedDynamoOptions): Promise<EmbeddedDynamo> {
    const server = dynalite({ createTableMs: 0, ...(directory !== undefined && { path: directory }) });
    const accessKeyId = createAccessKeyId();
    guardWithKey(server, accessKeyId);
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    const endpoint = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
    const embedded = new EmbeddedDynamo(server, endpoint, accessKeyId);
    try {
      await createTable(embedded.client, tableName);
    } catch (error) {
      await embedded.stop();
      throw error;
    }
    return embedded;
  }

  /** Call it when no request is under way. */
  async stop(): Promise<void> {
    this.client.destroy();
    const closed = new Promise<void>((resolve, reject) =>
      this.#server.close((error) => (error ? reject(error) : resolve())),
    );
    this.#server.closeAllConnections();
    await closed;
  }
}
