// The global controller as a process of the local system. It tells its launcher when it serves, and ends with it.
import type { GlobalControllerInfo, LauncherMessage } from '../../shared/base/env.ts';
import { createLogger, type Logger } from '../../shared/base/log.ts';
import { LocalGlobalController } from '../local/LocalGlobalController.ts';
import { type LocalConfig, readLocalConfig } from '../local/localConfig.ts';

/** Whatever hangs, the process is gone after this. */
const STOP_LIMIT_MS = 1_900;
const hasLauncher = process.send !== undefined;

async function main(): Promise<void> {
  const config = readLocalConfig(process.env);
  if (!config.ok) return fail(config.reason);
  const log = createLogger({
    level: config.value.logLevel,
    write: (line) => process.stderr.write(`${line}\n`),
    fields: { region: config.value.region },
  });
  // The embedded database throws from a callback when its store cannot be opened: see EmbeddedDynamo.start.
  process.on('uncaughtException', (error) => {
    log.error('Uncaught exception', { error, stack: error.stack });
    fail(uncaughtReason(error, config.value));
  });
  const starting = LocalGlobalController.start(config.value, log);
  stopWhenAsked(starting, log);
  try {
    const { url } = await starting;
    if (hasLauncher) tell({ type: 'ready', info: { url } });
    else console.log(`The global controller serves at ${url}`);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function stopWhenAsked(starting: Promise<LocalGlobalController>, log: Logger): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    starting
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error('Stop failed', { error });
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  // Ctrl-C in a terminal reaches every process of the group; with a launcher, the launcher decides.
  process.on('SIGINT', () => {
    if (!hasLauncher) stop();
  });
  process.on('disconnect', stop);
}

function uncaughtReason(error: Error, { dataDirectory }: LocalConfig): string {
  return dataDirectory !== undefined && /^Database is (closed|not open)$/.test(error.message)
    ? `The state in "${dataDirectory}" cannot be opened: another Dark Tower may be using it; stop that one, or choose another directory with --data DIR, or none with --ephemeral`
    : `Unexpected failure: ${error.message}`;
}

function fail(reason: string): void {
  process.exitCode = 1;
  if (!hasLauncher) {
    console.error(reason);
    process.exit();
  }
  tell({ type: 'failed', reason }, () => process.exit());
}

function tell(message: LauncherMessage<GlobalControllerInfo>, sent?: () => void): void {
  process.send?.(message, undefined, {}, () => sent?.());
}

await main();
