// `npm run load-test`: see USAGE in options.ts. Progress goes to standard error, the result to standard output.
import { buildAll } from '../../infra/build/bundles.ts';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { runDenoScript } from '../support/denoScript.ts';
import { cpuTimeUs } from './cpuTime.ts';
import { formatReport, type LoadReport } from './LoadReport.ts';
import { type LoadOptions, parseLoadOptions, USAGE } from './options.ts';
import type { LoadEvent, LoadPlan } from './protocol.ts';

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const parsed = parseLoadOptions(process.argv.slice(2));
  if (!parsed.ok) {
    console.error(`${parsed.reason}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (parsed.value === 'help') {
    console.log(USAGE);
    return 0;
  }
  const options = parsed.value;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`Stopped by ${signal}`)));
  let system: LocalSystem | undefined;
  try {
    system = options.url === undefined ? await startSystem(options, interrupted.signal) : undefined;
    const report = await measure(options, system, interrupted.signal);
    console.log(options.json ? JSON.stringify(report) : formatReport(report));
    return report.errors === 0 ? 0 : 1;
  } catch (error) {
    console.error(`The load test failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await system?.stop();
  }
}

async function startSystem(options: LoadOptions, signal: AbortSignal): Promise<LocalSystem> {
  console.error('Starting a local system ...');
  await buildAll();
  return await LocalSystem.start(
    { port: 0, logLevel: 'warn', ...(options.workers === undefined ? {} : { workers: options.workers }) },
    signal,
  );
}

async function measure(
  options: LoadOptions,
  system: LocalSystem | undefined,
  signal: AbortSignal,
): Promise<LoadReport> {
  const url = options.url ?? system?.url;
  if (url === undefined) throw new Error('There is no system to test');
  const pids = system?.handlerPids ?? [];
  let cpuAtStartUs: number | undefined;
  let cpuUs: number | undefined;
  let measured: Omit<LoadReport, 'serverCpuUsPerDatagram'> | undefined;
  const onEvent = (event: LoadEvent): void => {
    if (event.type === 'progress') console.error(event.text);
    else if (event.type === 'problem') console.error(`Problem: ${event.text}`);
    else if (event.type === 'mediaStarted') cpuAtStartUs = system && cpuTimeUs(pids);
    else if (event.type === 'mediaEnded') cpuUs = difference(system && cpuTimeUs(pids), cpuAtStartUs);
    else measured = event.report;
  };
  const plan: LoadPlan = { ...options, url };
  const client = { name: 'load', entry: 'test/load/client/main.ts', input: plan, signal };
  await runDenoScript(client, (line) => onEvent(line as LoadEvent));
  if (measured === undefined) throw new Error('The load client ended without a result');
  const perDatagram = cpuUs === undefined || measured.delivered === 0 ? null : cpuUs / measured.delivered;
  const { errors, ...figures } = measured;
  return {
    ...figures,
    serverCpuUsPerDatagram: perDatagram === null ? null : Math.round(perDatagram * 100) / 100,
    errors,
  };
}

function difference(end: number | undefined, start: number | undefined): number | undefined {
  return end === undefined || start === undefined ? undefined : end - start;
}

process.exitCode = await main();
