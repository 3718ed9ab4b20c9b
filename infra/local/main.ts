// `npm start`: builds, starts everything, prints the page's address, and on Ctrl-C ends everything.
import { resolve } from 'node:path';
import { buildAll } from '../build/bundles.ts';
import { ACCESS_VARIABLES, LocalSystem, TCP_VARIABLES } from './LocalSystem.ts';
import { parseStartOptions, type StartOptions, USAGE } from './options.ts';

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const parsed = parseStartOptions(process.argv.slice(2));
  if (!parsed.ok) {
    console.error(`${parsed.reason}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (parsed.value === 'help') {
    console.log(USAGE);
    return 0;
  }
  return await run(parsed.value);
}

async function run(options: StartOptions): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(signal));

  let system: LocalSystem;
  try {
    await buildAll();
    system = await LocalSystem.start(
      {
        port: options.port,
        logLevel: options.logLevel,
        accessEnvironment: Object.fromEntries(ACCESS_VARIABLES.map((name) => [name, process.env[name]])),
        tcpEnvironment: Object.fromEntries(TCP_VARIABLES.map((name) => [name, process.env[name]])),
        ...(options.dataDirectory === undefined ? {} : { dataDirectory: resolve(options.dataDirectory) }),
        ...(options.udpPortBase === undefined ? {} : { udpPortBase: options.udpPortBase }),
        ...(options.workers === undefined ? {} : { workers: options.workers }),
      },
      stopping.signal,
    );
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    console.error(`Dark Tower could not start.\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }

  const pageUrl = system.url.replace('127.0.0.1', 'localhost');
  console.log(
    [
      '',
      `  Dark Tower is running:  ${pageUrl}`,
      `  REST API:               ${pageUrl}/api/v1/docs`,
      `  State:                  ${options.dataDirectory ?? 'in memory'}`,
      '',
      '  Open the first address in two browser tabs to meet yourself. Ctrl-C ends everything.',
      '',
    ].join('\n'),
  );

  const aborted = new Promise<'stopped'>((settle) => {
    if (stopping.signal.aborted) settle('stopped');
    stopping.signal.addEventListener('abort', () => settle('stopped'), { once: true });
  });
  const outcome = await Promise.race([aborted, system.failed]);
  await system.stop();
  if (outcome === 'stopped') return 0;
  console.error(
    `Dark Tower ended: the ${outcome.name} stopped (${outcome.signal ?? `exit code ${outcome.code}`}).`,
  );
  return 1;
}

process.exitCode = await main();
