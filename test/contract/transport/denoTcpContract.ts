// Runs in the Deno binary: the contract's cases over TCP, with both ends on Deno's own node:tls and node:http2.
import process from 'node:process';
import { dialTcp } from '../../support/dialTcp.ts';
import { CASES } from './cases.ts';
import { runCase, withTimeout } from './harness.ts';
import { readInput, reportCases } from './inDeno.ts';
import { TCP_DENO_CASES } from './tcpDenoCases.ts';
import { startTcpHarness } from './tcpHarness.ts';

const CASE_TIMEOUT_MS = 10_000;

async function main(): Promise<void> {
  const input = await readInput();
  const harness = await startTcpHarness(input, dialTcp);
  await reportCases([
    ...CASES.map((contractCase) => ({
      name: contractCase.name,
      run: () => runCase(contractCase, harness, CASE_TIMEOUT_MS),
    })),
    ...TCP_DENO_CASES.map(({ name, run }) => ({
      name,
      run: () => withTimeout(run(input), CASE_TIMEOUT_MS),
    })),
  ]);
  await harness.listener.close(0, '');
  process.exit(0);
}

await main();
