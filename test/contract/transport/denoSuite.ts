// The vitest side of a suite that runs in the Deno binary: one test for each of its cases.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../../infra/build/bundles.ts';
import { createCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { runDeno } from '../../support/deno.ts';
import type { CaseResult, ContractInput } from './report.ts';

const RUN_TIMEOUT_MS = 120_000;

/** `script` is a TypeScript entry, from the repository's root. */
export function describeInDeno(title: string, script: string, names: readonly string[]): void {
  describe(title, () => {
    const results = new Map<string, CaseResult>();
    let directory = '';

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'dark-tower-contract-'));
      await bundleForDeno({ suite: script }, directory);
      const now = systemClock.epochMs();
      const [first, second] = await Promise.all([
        createCertificate(['127.0.0.1'], now),
        createCertificate(['127.0.0.1'], now),
      ]);
      const input: ContractInput = { ...first, port: 0, next: second };
      const run = await runDeno(join(directory, 'suite.js'), {
        allowNet: '127.0.0.1',
        input: JSON.stringify(input),
        exposeGc: true,
      });
      for (const line of run.lines) {
        const result = JSON.parse(line) as CaseResult;
        results.set(result.name, result);
      }
      if (run.code !== 0) throw new Error(`Deno ended with exit code ${run.code}:\n${run.errors}`);
    }, RUN_TIMEOUT_MS);

    afterAll(() => rm(directory, { recursive: true, force: true }));

    for (const name of names) {
      it(name, () => {
        const result = results.get(name);
        expect(result, 'the case was run').toBeDefined();
        expect(result?.error).toBeUndefined();
      });
    }
  });
}
