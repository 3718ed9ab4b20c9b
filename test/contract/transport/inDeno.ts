// The Deno side of a suite: configuration in, one line of JSON for each case out.
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { CaseResult, ContractInput } from './report.ts';

/** A case with all it needs. */
export interface BoundCase {
  readonly name: string;
  run(): Promise<void>;
}

/** The first line of standard input. */
export async function readInput(): Promise<ContractInput> {
  for await (const line of createInterface({ input: process.stdin }))
    return JSON.parse(line) as ContractInput;
  throw new Error('Standard input ended before the configuration');
}

/** The certificate's hash as bytes. */
export function hashBytes(hash: string): Uint8Array {
  return Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));
}

/** Runs one case after the other and reports each. */
export async function reportCases(cases: readonly BoundCase[]): Promise<void> {
  for (const { name, run } of cases) {
    const error = await run().then(
      () => undefined,
      (failure: unknown) => (failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)),
    );
    const result: CaseResult = error === undefined ? { name } : { name, error };
    console.log(JSON.stringify(result));
  }
}
