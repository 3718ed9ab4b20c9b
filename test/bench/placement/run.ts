// `npm run bench -- placement`: how evenly meetings are placed, and what a placement costs. Pure simulation with the code
// that places meetings in earnest; METHOD.md says what is simulated and what is not.
import { parseArgs } from 'node:util';
import { allKnowing, OTHERS, ours, oursInZone, type PolicyMaker } from './policies.ts';
import {
  burst,
  burstAtOnce,
  type LossResult,
  loseZone,
  quantile,
  type SelectionTime,
  selectionTimes,
  steady,
} from './scenarios.ts';

const BURST = { nodes: 10, joins: 92, durationMs: 31_000 };
const BURST_RUNS = 200;
const DEFAULT_SEED = 1;

interface BurstResult {
  /** Meetings of the fullest node to the fair share, the worst of all runs. */
  readonly largestShareOverFair: number;
  readonly medianShareOverFair: number;
}

interface SteadyRow {
  readonly nodes: number;
  readonly meetings: number;
  readonly sizes: 'equal' | 'skewed';
  readonly fullestToMean: number;
  readonly largestMeetingToMean: number;
}

export interface PlacementResult {
  readonly seed: number;
  readonly burst: BurstResult & {
    readonly nodes: number;
    readonly joins: number;
    readonly runs: number;
    readonly atOnce: BurstResult;
  };
  readonly steady: readonly SteadyRow[];
  readonly nodeLoss: LossResult;
  readonly selectionUs: readonly SelectionTime[];
  readonly assignmentsPerSecond: number;
  /** By policy: the burst, and the steady state of 1,000 nodes with 10,000 meetings of equal and of skewed sizes. */
  readonly compared: Readonly<
    Record<
      string,
      {
        readonly largestShareOverFair: number;
        readonly fullestToMean: number;
        readonly skewedFullestToMean: number;
      }
    >
  >;
}

/**
 * @param args `--seed N`: another seed gives another run, the same one the same run (times aside)
 * @throws TypeError for arguments that it does not know
 */
export async function run(args: readonly string[]): Promise<PlacementResult> {
  const seed = parseSeed(args);
  const inTurn = await selectionTimes([10, 100, 1_000, 10_000]);
  const equal = { sizes: 'equal', seed, fillMs: 600_000, churnMs: 900_000 } as const;
  const large = { ...equal, fillMs: 120_000, churnMs: 60_000 };
  const rows: SteadyRow[] = [];
  let assignmentsPerSecond = 0;
  for (const options of [
    { ...equal, nodes: 10, meetings: 100 },
    { ...equal, nodes: 100, meetings: 1_000 },
    { ...equal, nodes: 1_000, meetings: 10_000 },
    { ...large, nodes: 10_000, meetings: 100_000 },
    { ...equal, nodes: 1_000, meetings: 10_000, sizes: 'skewed' as const },
  ]) {
    const result = await steady(ours, options);
    const { nodes, meetings, sizes } = options;
    if (nodes === 1_000 && sizes === 'equal') assignmentsPerSecond = result.assignmentsPerSecond;
    rows.push({
      nodes,
      meetings,
      sizes,
      fullestToMean: rounded(result.fullestToMean),
      largestMeetingToMean: rounded(result.largestMeetingToMean),
    });
  }
  const loss = await loseZone(ours, 1_000, seed);
  return {
    seed,
    burst: {
      ...BURST,
      runs: BURST_RUNS,
      ...(await burstOf(ours, seed)),
      atOnce: await summary((run) => burstAtOnce(ours, { ...BURST, seed: seed + run })),
    },
    steady: rows,
    nodeLoss: { ...loss, fullestToMean: rounded(loss.fullestToMean) },
    selectionUs: inTurn.map(({ nodes, us, placementUs, nodesRead }) => ({
      nodes,
      us: rounded(us),
      placementUs: rounded(placementUs),
      nodesRead,
    })),
    assignmentsPerSecond,
    compared: await compare(seed),
  };
}

export function describe(result: PlacementResult): string {
  const { burst: ofBurst, steady: rows, nodeLoss, selectionUs, compared } = result;
  return [
    `Burst of ${ofBurst.joins} joins on ${ofBurst.nodes} nodes: the fullest node has at most ${ofBurst.largestShareOverFair} of its fair share (median ${ofBurst.medianShareOverFair}, ${ofBurst.runs} runs); all at the same moment: ${ofBurst.atOnce.largestShareOverFair}`,
    'Steady state, the fullest node to the mean:',
    ...rows.map(
      ({ nodes, meetings, sizes, fullestToMean, largestMeetingToMean }) =>
        `  ${nodes} nodes, ${meetings} meetings of ${sizes} sizes: ${fullestToMean} (the largest meeting alone: ${largestMeetingToMean})`,
    ),
    `Loss of ${nodeLoss.lost} of ${nodeLoss.nodes} nodes: ${nodeLoss.replaced} meetings placed again, ${nodeLoss.placedOnLost} of them on lost nodes; then ${nodeLoss.fullestToMean} of the mean`,
    `Time per selection (whole placement, own time): ${selectionUs.map(({ nodes, us, placementUs }) => `${us} (${placementUs}) µs of ${nodes} nodes`).join(', ')}; ${result.assignmentsPerSecond} per second on 1,000 nodes`,
    'Compared (burst; steady, equal sizes; steady, skewed sizes):',
    ...Object.entries(compared).map(
      ([name, { largestShareOverFair, fullestToMean, skewedFullestToMean }]) =>
        `  ${name}: ${largestShareOverFair}; ${fullestToMean}; ${skewedFullestToMean}`,
    ),
  ].join('\n');
}

async function compare(seed: number): Promise<PlacementResult['compared']> {
  const compared: [string, PlacementResult['compared'][string]][] = [];
  for (const [name, policy] of Object.entries({ ours, oursInZone, ...OTHERS, allKnowing })) {
    // The same fleet, arrivals and lifetimes for each, over a shorter time: some look at all nodes each time.
    const options = { nodes: 1_000, meetings: 10_000, seed, fillMs: 600_000, churnMs: 120_000 };
    compared.push([
      name,
      {
        largestShareOverFair: (await burstOf(policy, seed)).largestShareOverFair,
        fullestToMean: rounded((await steady(policy, { ...options, sizes: 'equal' })).fullestToMean),
        skewedFullestToMean: rounded((await steady(policy, { ...options, sizes: 'skewed' })).fullestToMean),
      },
    ]);
  }
  return Object.fromEntries(compared);
}

function burstOf(policy: PolicyMaker, seed: number): Promise<BurstResult> {
  return summary((run) => burst(policy, { ...BURST, seed: seed + run }));
}

async function summary(largestOf: (run: number) => Promise<number>): Promise<BurstResult> {
  const fair = BURST.joins / BURST.nodes;
  const shares: number[] = [];
  for (let run = 0; run < BURST_RUNS; run++) shares.push((await largestOf(run)) / fair);
  return {
    largestShareOverFair: rounded(Math.max(...shares)),
    medianShareOverFair: rounded(quantile(shares, 0.5)),
  };
}

function parseSeed(args: readonly string[]): number {
  // The flag that asks for JSON is the caller's and may come along.
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: 'string', default: String(DEFAULT_SEED) }, json: { type: 'boolean' } },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new TypeError(`--seed must be a whole number from 0: got "${values.seed}"`);
  return seed;
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
