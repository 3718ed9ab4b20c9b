// `npm run bench -- NAME [--json] [options]`: runs the benchmark of a folder. Progress goes to standard error, the result to
// standard output. See README.md.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a benchmark's run.ts exports. */
interface Benchmark {
  /** Measures. Takes the arguments behind the name but --json; throws when they are wrong or the measurement failed. */
  run(args: readonly string[]): Promise<unknown>;
  /** The result for a person. */
  describe(result: unknown): string;
}

const EXIT_USAGE = 2;
const directory = fileURLToPath(new URL('.', import.meta.url));

function benchmarkNames(): string[] {
  return readdirSync(directory)
    .filter((name) => existsSync(`${directory}${name}/run.ts`))
    .toSorted();
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  const names = benchmarkNames();
  if (name === undefined || !names.includes(name)) {
    console.error(
      `Usage: npm run bench -- NAME [--json] [options]\nNAME is one of: ${names.join(', ')}\n` +
        'The options of each are in its METHOD.md.',
    );
    return EXIT_USAGE;
  }
  const json = rest.includes('--json');
  try {
    const { run, describe } = (await import(`./${name}/run.ts`)) as Benchmark;
    const result = await run(rest.filter((argument) => argument !== '--json'));
    console.log(json ? JSON.stringify(result) : describe(result));
    return 0;
  } catch (error) {
    console.error(`The benchmark ${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
