// What every function on Lambda is made of, from what it is told: made once for each process.
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { createLogger, type Logger } from '../../shared/base/log.ts';
import { createPinnedClient } from '../../shared/node/pinnedHttps.ts';
import { createSourcePositions } from '../base/sourcePositions.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import { createHttpsControllerClient, PINNED_CLIENT_LIMITS } from '../controllers/httpsControllerClient.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import type { Stores } from '../Stores.ts';
import { importSigningKeys, type SigningKeys } from '../token/SigningKeys.ts';
import type { LambdaConfig } from './lambdaConfig.ts';

export interface LambdaParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stores: Stores;
  readonly signingKeys: SigningKeys;
  readonly controllerClient: ControllerClient;
}

/** @throws TypeError when a signing key is none */
export async function createLambdaParts(config: LambdaConfig): Promise<LambdaParts> {
  const { logLevel, region, awsRegion, tableName } = config;
  const clock = systemClock;
  const toSource = createSourcePositions();
  const signingKeys = await importSigningKeys(config.signingJwks);
  const https = createPinnedClient(PINNED_CLIENT_LIMITS);
  return {
    clock,
    log: createLogger({
      level: logLevel,
      write: (line) => console.log(toSource(line)),
      fields: { region },
    }),
    stores: createDynamoStores({ client: createDynamoClient({ region: awsRegion }), tableName, clock }),
    signingKeys,
    controllerClient: createHttpsControllerClient({ https, signingKeys, clock }),
  };
}
