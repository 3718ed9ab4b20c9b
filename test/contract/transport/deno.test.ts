import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../../infra/build/bundles.ts';
import { createCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { runDeno } from '../../support/deno.ts';
import { CASES } from './cases.ts';
import type { CaseResult, ContractInput } from './report.ts';

const RUN_TIMEOUT_MS = 90_000;

describe('contract of the QUIC transport, in Deno', () => {
  const results = new Map<string, CaseResult>();
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dark-tower-contract-'));
    await bundleForDeno({ contract: 'test/contract/transport/denoContract.ts' }, directory);
    const { certificatePem, privateKeyPem, hash } = await createCertificate(
      ['127.0.0.1'],
      systemClock.epochMs(),
    );
    const input: ContractInput = { certificatePem, privateKeyPem, hash, port: 0 };
    const run = await runDeno(join(directory, 'contract.js'), {
      allowNet: '127.0.0.1',
      input: JSON.stringify(input),
    });
    for (const line of run.lines) {
      const result = JSON.parse(line) as CaseResult;
      results.set(result.name, result);
    }
    if (run.code !== 0) throw new Error(`Deno ended with exit code ${run.code}:\n${run.errors}`);
  }, RUN_TIMEOUT_MS);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  for (const { name, needs } of CASES) {
    if (needs === 'streamCodes') continue;
    it(name, () => {
      const result = results.get(name);
      expect(result, 'the case was run').toBeDefined();
      expect(result?.error).toBeUndefined();
    });
  }
});
