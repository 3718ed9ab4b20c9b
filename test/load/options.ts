// Command line of `npm run load-test`.
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { MAX_DATAGRAM_PAYLOAD_BYTES } from '../../shared/frame/layout.ts';

export const USAGE = `Synthetic participants that speak the real protocol, without a browser.

  npm run load-test -- --local [options]        starts a whole system on free ports, and ends it
  npm run load-test -- --url URL [options]      against a system that runs, such as http://localhost:7400

  --participants N   participants in each meeting                  (default 4)
  --publishers N     how many of them publish one stream each      (default 2)
  --meetings N       meetings at once                              (default 1)
  --seconds N        how long media flows                          (default 10)
  --rate N           datagrams per second of each publisher        (default 50)
  --size N           payload of a datagram in bytes, 8 to ${MAX_DATAGRAM_PAYLOAD_BYTES}     (default 1000)
  --workers N        with --local: workers of each media handler   (default: the cores, shared)
  --json             one JSON object on standard output instead of a table
  --help             this text

Latency is from capture to arrival, on one clock. Loss is the share of datagrams that did not arrive of those that
should have: each subscriber expects every datagram that a publisher of its meeting sent. CPU is that of the media
handler's workers while media flowed, per delivered datagram (only with --local: it is read from the machine).`;

export interface LoadOptions {
  /** Absent starts a local system. */
  readonly url: string | undefined;
  /** In each meeting. */
  readonly participants: number;
  /** In each meeting, of the participants. */
  readonly publishers: number;
  readonly meetings: number;
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
  readonly workers: number | undefined;
  readonly json: boolean;
}

const MIN_PAYLOAD_BYTES = 8;

/** The options, `help`, or what is wrong with the arguments. */
export function parseLoadOptions(args: readonly string[]): Result<LoadOptions | 'help'> {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return ok('help');
  if (values.local === (values.url !== undefined)) return err('Give either --local or --url');
  if (values.url !== undefined && !isHttpUrl(values.url))
    return err(`--url must be an http or https address: got "${values.url}"`);
  if (values.workers !== undefined && !values.local) return err('--workers goes with --local only');
  try {
    const participants = number('participants', values.participants, 1, 1_000);
    return ok({
      url: values.url,
      participants,
      publishers: number('publishers', values.publishers, 0, participants),
      meetings: number('meetings', values.meetings, 1, 1_000),
      seconds: number('seconds', values.seconds, 1, 86_400),
      ratePerSecond: number('rate', values.rate, 1, 100_000),
      payloadBytes: number('size', values.size, MIN_PAYLOAD_BYTES, MAX_DATAGRAM_PAYLOAD_BYTES),
      workers: values.workers === undefined ? undefined : number('workers', values.workers, 1, 64),
      json: values.json,
    });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      local: { type: 'boolean', default: false },
      participants: { type: 'string', default: '4' },
      publishers: { type: 'string', default: '2' },
      meetings: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '10' },
      rate: { type: 'string', default: '50' },
      size: { type: 'string', default: '1000' },
      workers: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new RangeError(`--${name} must be a whole number from ${min} to ${max}: got "${text}"`);
  }
  return value;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
