// The sweep on Lambda, called by a schedule. Refuses to start without its keys: controllers are told of meetings that end.
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { createPinnedClient } from '../../shared/node/pinnedHttps.ts';
import { createSourcePositions } from '../base/sourcePositions.ts';
import { createHttpsControllerClient, PINNED_CLIENT_LIMITS } from '../controllers/httpsControllerClient.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import { createSweep, meetingSweepJobs, nodeSweepJobs, type SweepResult } from '../sweep.ts';
import { importSigningKeys } from '../token/SigningKeys.ts';
import { readSweepConfig } from './sweepConfig.ts';

const config = readSweepConfig(process.env);
if (!config.ok) throw new Error(config.reason);
const { logLevel, region, awsRegion, tableName, signingJwks, retentionMs } = config.value;
const toSource = createSourcePositions();
const log = createLogger({ level: logLevel, write: (line) => console.log(toSource(line)) });
const clock = systemClock;
const stores = createDynamoStores({ client: createDynamoClient({ region: awsRegion }), tableName, clock });
const controllerClient = createHttpsControllerClient({
  https: createPinnedClient(PINNED_CLIENT_LIMITS),
  signingKeys: await importSigningKeys(signingJwks),
  clock,
});
const ending = { stores, controllerClient, clock, retentionMs };
const jobs = { ...nodeSweepJobs({ region, stores, log }), ...meetingSweepJobs(ending, log) };
const sweep = createSweep(jobs, log);

export const handler = async (): Promise<SweepResult> => await sweep(clock.epochMs());
