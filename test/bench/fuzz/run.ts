// A million hostile inputs over the packet path and the control messages. See METHOD.md.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Counters } from '../../../media-node/metrics/Counters.ts';
import { signalingStorm } from '../../fuzz/controller/signalingStorm.ts';
import { bookFaults, datagramStorm, messageStorm } from '../../fuzz/handler/storm.ts';
import { streamStorm } from '../../fuzz/handler/streamStorm.ts';

const DEFAULT_INPUTS = 1_000_000;
const MIN_INPUTS = 10_000;
/** One input in this many is a control message, one a signaling message, and one a media stream; the others are datagrams. */
const MESSAGE_SHARE = 10;
const SIGNALING_SHARE = 20;
const STREAM_SHARE = 10;
const INPUTS_PER_SEED = 50_000;
/** Heap that may be left after all seeds beyond what was after the first few, bytes: caches and compiled code. */
const MAX_HEAP_GROWTH_BYTES = 8_000_000;
const SETTLED_AFTER_SEEDS = 3;

export interface FuzzResult {
  readonly inputs: number;
  readonly datagrams: number;
  /** To a media handler. */
  readonly messages: number;
  /** To a meeting controller. */
  readonly signalingMessages: number;
  readonly streams: number;
  /** In the streams, as far as they are in order. */
  readonly frames: number;
  readonly seeds: number;
  /** Sessions that the messages took: one that breaks a rule ends its session. */
  readonly sessions: number;
  readonly heapGrowthBytes: number;
  /** Datagrams, streams and copies of them dropped, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

/** `args`: --inputs N, --seed N (the first). Rejects on a throw, a leak, or books that do not balance. */
export async function run(args: readonly string[]): Promise<FuzzResult> {
  const { values } = parseArgs({
    args: [...args],
    options: { inputs: { type: 'string' }, seed: { type: 'string', default: '1' } },
  });
  const wanted = Number(values.inputs ?? DEFAULT_INPUTS);
  if (!Number.isInteger(wanted) || wanted < MIN_INPUTS)
    throw new RangeError(`--inputs must be an integer of at least ${MIN_INPUTS}: ${values.inputs}`);
  const seeds = Math.ceil(wanted / INPUTS_PER_SEED);
  const perSeed = Math.ceil(wanted / seeds);
  const messagesPerSeed = Math.floor(perSeed / MESSAGE_SHARE);
  const streamsPerSeed = Math.floor(perSeed / STREAM_SHARE);
  const signalingPerSeed = Math.floor(perSeed / SIGNALING_SHARE);
  const datagramsPerSeed = perSeed - messagesPerSeed - signalingPerSeed - streamsPerSeed;
  const drops: Record<string, number> = {};
  const addDrops = (counters: Counters): void => {
    for (const [reason, count] of Object.entries(counters.dropsByName()))
      drops[reason] = (drops[reason] ?? 0) + count;
  };
  let sessions = 0;
  let frames = 0;
  let settledBytes = 0;
  for (let index = 0; index < seeds; index++) {
    const seed = Number(values.seed) + index;
    const storm = await datagramStorm(seed, datagramsPerSeed);
    const faults = bookFaults(storm, datagramsPerSeed);
    if (faults.length > 0) throw new Error(`Seed ${seed}: ${faults.join('; ')}`);
    // An open session is watched by a timer, which keeps the whole storm alive.
    for (const { client } of [storm.mallory, ...storm.receivers]) client.session.close(0, 'done');
    addDrops(storm.counters);
    const streams = await streamStorm(seed, streamsPerSeed);
    if (streams.faults.length > 0) throw new Error(`Seed ${seed}: ${streams.faults.slice(0, 10).join('; ')}`);
    frames += streams.frames;
    addDrops(streams.counters);
    sessions += await messageStorm(seed, messagesPerSeed);
    const signaling = await signalingStorm(seed, signalingPerSeed);
    if (signaling.faults.length > 0) throw new Error(`Seed ${seed}: ${signaling.faults.join('; ')}`);
    sessions += signaling.sessions;
    if (index < SETTLED_AFTER_SEEDS) settledBytes = heapAfterCollection();
    process.stderr.write(`seed ${seed}: ${perSeed} inputs, ${index + 1} of ${seeds}\n`);
  }
  const heapGrowthBytes = heapAfterCollection() - settledBytes;
  if (heapGrowthBytes > MAX_HEAP_GROWTH_BYTES)
    throw new Error(`The heap may grow by ${MAX_HEAP_GROWTH_BYTES} bytes: it grew by ${heapGrowthBytes}`);
  const [datagrams, messages] = [datagramsPerSeed * seeds, messagesPerSeed * seeds];
  const [streams, signalingMessages] = [streamsPerSeed * seeds, signalingPerSeed * seeds];
  const inputs = datagrams + messages + signalingMessages + streams;
  return {
    inputs,
    datagrams,
    messages,
    signalingMessages,
    streams,
    frames,
    seeds,
    sessions,
    heapGrowthBytes,
    drops,
  };
}

export function describe(result: FuzzResult): string {
  const reasons = Object.entries(result.drops).map(([reason, count]) => `  ${reason.padEnd(26)} ${count}`);
  return [
    `${result.datagrams} datagrams, ${result.streams} media streams (${result.frames} frames in order), ${result.messages} control messages and ${result.signalingMessages} signaling messages in ${result.seeds} seeds over ${result.sessions} sessions: no throw, every one accounted for`,
    `heap after collection: ${result.heapGrowthBytes} bytes more than after ${SETTLED_AFTER_SEEDS} seeds`,
    ...reasons,
  ].join('\n');
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed;
}
