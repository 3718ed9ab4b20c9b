// Command line of `npm start`.
import { parseArgs } from 'node:util';
import { isLogLevel } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { MAX_UDP_PORT_BASE } from './LocalSystem.ts';

export const DEFAULT_PORT = 7_400;
export const DEFAULT_DATA_DIRECTORY = '.dark-tower';

export const USAGE = `Starts the whole of Dark Tower on this machine and prints the address of the meeting page.

  npm start -- [options]

  --port N         TCP port of the page and the REST API        (default ${DEFAULT_PORT}; 0 picks a free one)
  --ephemeral      keep all state in memory; nothing is written
  --data DIR       directory of the state                       (default ${DEFAULT_DATA_DIRECTORY})
  --udp-port N     first UDP port of the media nodes            (default: free ports)
  --workers N      workers of each of the two media handlers    (default: the cores, shared)
  --log-level L    debug, info, warn or error, to standard error (default warn)
  --help           this text

Ctrl-C ends everything.`;

export interface StartOptions {
  readonly port: number;
  readonly dataDirectory: string | undefined;
  readonly udpPortBase: number | undefined;
  readonly workers: number | undefined;
  readonly logLevel: string;
}

/** The options, `help`, or what is wrong with the arguments. */
export function parseStartOptions(args: readonly string[]): Result<StartOptions | 'help'> {
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(args).values;
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return ok('help');
  if (values.ephemeral && values.data !== undefined)
    return err('--ephemeral keeps nothing, so --data cannot go with it');
  if (!isLogLevel(values['log-level']))
    return err(`--log-level must be debug, info, warn or error: got "${values['log-level']}"`);
  const port = wholeNumber('--port', values.port, 0, 65_535);
  const udpPortBase = wholeNumber('--udp-port', values['udp-port'], 1_024, MAX_UDP_PORT_BASE);
  const workers = wholeNumber('--workers', values.workers, 1, 64);
  for (const number of [port, udpPortBase, workers]) if (!number.ok) return number;
  return ok({
    port: (port.ok ? port.value : undefined) ?? DEFAULT_PORT,
    dataDirectory: values.ephemeral ? undefined : (values.data ?? DEFAULT_DATA_DIRECTORY),
    udpPortBase: udpPortBase.ok ? udpPortBase.value : undefined,
    workers: workers.ok ? workers.value : undefined,
    logLevel: values['log-level'],
  });
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      ephemeral: { type: 'boolean', default: false },
      data: { type: 'string' },
      'udp-port': { type: 'string' },
      workers: { type: 'string' },
      'log-level': { type: 'string', default: 'warn' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function wholeNumber(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    return err(`${name} must be a whole number from ${min} to ${max}: got "${text}"`);
  return ok(value);
}
