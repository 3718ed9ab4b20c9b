// The handler's worker as it is, which besides collects its garbage and says what is left when it gets SIGUSR2: with bytes
// that nobody holds counted in, the cost of a session would be the cost of its handshake.
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import '../../../media-node/workers/handlerWorker.ts';
import type { WorkerMemory } from './plan.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const ROUNDS = 3;

process.on('SIGUSR2', () => {
  for (let round = 0; round < ROUNDS; round++) collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const memory: WorkerMemory = { rssBytes: rss, heapBytes: heapUsed + external };
  process.stderr.write(`${JSON.stringify({ memory })}\n`);
});
