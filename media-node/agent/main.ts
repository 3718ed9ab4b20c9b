// A media node as a process: configured by its environment, reported to its launcher over IPC, ended by signals.
import { systemClock } from '../../shared/base/clock.ts';
import type { LauncherMessage, MediaNodeInfo } from '../../shared/base/env.ts';
import { createLogger } from '../../shared/base/log.ts';
import { readConfig } from './config.ts';
import { MediaNode } from './MediaNode.ts';

/** A stop that takes longer than this is cut off; the workers end by themselves when their agent is gone. */
const STOP_DEADLINE_MS = 2_900;

const writeLogLine = (line: string): void => void process.stderr.write(`${line}\n`);
const hasLauncher = process.send !== undefined;
const stopping = new AbortController();

function tellLauncher(message: LauncherMessage<MediaNodeInfo>): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

async function main(): Promise<number> {
  process.on('SIGTERM', () => stopping.abort('SIGTERM'));
  // Ctrl-C reaches every process of a terminal: with a launcher it is the launcher that ends the parts in order.
  process.on('SIGINT', () => {
    if (!hasLauncher) stopping.abort('SIGINT');
  });
  process.on('disconnect', () => stopping.abort('the launcher is gone'));

  const config = readConfig(process.env);
  if (!config.ok) return await fail(config.reason);
  const { nodeId, region, logLevel, roles } = config.value;
  const ids = Object.fromEntries(roles.map((role) => [`${role}_id`, nodeId]));
  const log = createLogger({ level: logLevel, write: writeLogLine, fields: { ...ids, region } });
  process.on('unhandledRejection', (error) => log.error('Unhandled rejection', { error }));

  let node: MediaNode;
  try {
    node = await MediaNode.start(config.value, { clock: systemClock, log, writeLogLine }, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    return await fail(error instanceof Error ? error.message : String(error));
  }
  await tellLauncher({ type: 'ready', info: node.info });
  await new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve();
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await node.stop(String(stopping.signal.reason));
  return 0;
}

async function fail(reason: string): Promise<number> {
  if (hasLauncher) await tellLauncher({ type: 'failed', reason });
  else process.stderr.write(`The media node could not start.\n${reason}\n`);
  return 1;
}

stopping.signal.addEventListener('abort', () => {
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
});
// Node waits for the launcher's channel otherwise.
process.exit(await main());
