// Vitest's global setup: builds once what every system test runs.
import { buildAll } from '../../infra/build/bundles.ts';

export default async function setup(): Promise<void> {
  await buildAll();
}
