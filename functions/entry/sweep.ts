// The sweep on Lambda, called by a schedule. Refuses to start without its keys: controllers are told of meetings that end.
import { createSweep, meetingSweepJobs, nodeSweepJobs, type SweepResult } from '../sweep.ts';
import { createLambdaParts } from './lambdaParts.ts';
import { readSweepConfig } from './sweepConfig.ts';

const config = readSweepConfig(process.env);
if (!config.ok) throw new Error(config.reason);
const { region, retentionMs } = config.value;
const { clock, log, stores, controllerClient } = await createLambdaParts(config.value);
const ending = { stores, controllerClient, clock, retentionMs };
const jobs = { ...nodeSweepJobs({ region, stores, log }), ...meetingSweepJobs(ending, log) };
const sweep = createSweep(jobs, log);

export const handler = async (): Promise<SweepResult> => await sweep(clock.epochMs());
