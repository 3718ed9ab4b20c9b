// The sweep on Lambda, called by a schedule. It needs the table and no key.
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import { createSweep, nodeSweepJobs, type SweepResult } from '../sweep.ts';
import { readSweepConfig } from './sweepConfig.ts';

const config = readSweepConfig(process.env);
if (!config.ok) throw new Error(config.reason);
const { logLevel, region, awsRegion, tableName } = config.value;
const log = createLogger({ level: logLevel, write: (line) => console.log(line) });
const stores = createDynamoStores({
  client: createDynamoClient({ region: awsRegion }),
  tableName,
  clock: systemClock,
});
const sweep = createSweep(nodeSweepJobs({ region, stores, log }), log);

export const handler = async (): Promise<SweepResult> => await sweep(systemClock.epochMs());
