// Vitest's global setup: builds once what every system test runs.
import { existsSync } from 'node:fs';
import { buildAll } from '../../infra/build/bundles.ts';

export default async function setup(): Promise<void> {
  if (existsSync('media-node/workers/handlerWorker.ts')) await buildAll();
}
