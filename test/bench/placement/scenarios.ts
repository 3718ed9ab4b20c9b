// What is simulated: METHOD.md says why.
import { toCandidate } from '../../../functions/assignment/NodePlacement.ts';
import { selectNode } from '../../../functions/assignment/select.ts';
import type { Random } from '../../../functions/base/random.ts';
import { handlerCapacity } from '../../../functions/registry/capacity.ts';
import { Fleet, REGION, type ReadonlyNode, TICK_MS } from './Fleet.ts';
import { oursOver, type PolicyMaker } from './policies.ts';
import { exponential, logNormal, seededRandom } from './seededRandom.ts';
import { TimedStore } from './TimedStore.ts';

const MAX_STREAMS = 2_000;
/** A meeting of five who all see and hear each other: 5 × 4 × 2. */
const STREAMS_OF_FIVE = 40;

export interface BurstOptions {
  readonly nodes: number;
  readonly joins: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** First joins that arrive at random moments of a short time. Answers the largest number of meetings on one node. */
export async function burst(
  policyOf: PolicyMaker,
  { nodes, joins, durationMs, seed }: BurstOptions,
): Promise<number> {
  const random = seededRandom(seed);
  const fleet = await Fleet.start({ nodes, maxStreams: MAX_STREAMS });
  const policy = policyOf(fleet, randomOfPolicy(seed));
  // Nodes have reported at different moments before it begins.
  await run(fleet, Math.floor(random() * 100));
  const ticks = durationMs / TICK_MS;
  const arrivals = Array.from({ length: joins }, () => Math.floor(random() * ticks)).sort((a, b) => a - b);
  let next = 0;
  for (let tick = 0; tick <= ticks; tick++) {
    for (; (arrivals[next] ?? Number.POSITIVE_INFINITY) <= tick; next++) {
      const id = await policy();
      if (id !== undefined) fleet.begin(id, STREAMS_OF_FIVE, Number.POSITIVE_INFINITY);
    }
    await fleet.tick();
  }
  return Math.max(...fleet.nodes.map(({ meetings }) => meetings));
}

/** First joins that all look before the first of them has reserved anything: the worst that a burst can be. */
export async function burstAtOnce(
  policyOf: PolicyMaker,
  { nodes, joins, seed }: Omit<BurstOptions, 'durationMs'>,
): Promise<number> {
  const fleet = await Fleet.start({ nodes, maxStreams: MAX_STREAMS });
  const policy = policyOf(fleet, randomOfPolicy(seed));
  const ids = await Promise.all(Array.from({ length: joins }, () => policy()));
  for (const id of ids) if (id !== undefined) fleet.begin(id, STREAMS_OF_FIVE, Number.POSITIVE_INFINITY);
  return Math.max(...fleet.nodes.map(({ meetings }) => meetings));
}

export interface SteadyOptions {
  readonly nodes: number;
  readonly meetings: number;
  readonly sizes: 'equal' | 'skewed';
  readonly seed: number;
  readonly fillMs: number;
  /** Time after the fill in which meetings end and others begin. */
  readonly churnMs: number;
}

export interface SteadyResult {
  /** Streams of the fullest node to the mean, the worst of all samples after the fill. */
  readonly fullestToMean: number;
  /** Streams of the largest meeting to the mean of a node: what no policy can be below. */
  readonly largestMeetingToMean: number;
  readonly assignmentsPerSecond: number;
}

const SAMPLE_TICKS = 100;
/** Of a meeting, when meetings end and others begin. */
const LIFETIME_MS = 1_800_000;

/** As many meetings at a time as are asked for, coming and going. */
export async function steady(policyOf: PolicyMaker, options: SteadyOptions): Promise<SteadyResult> {
  const { nodes, meetings, sizes, seed, fillMs, churnMs } = options;
  const random = seededRandom(seed);
  const fleet = await Fleet.start({ nodes, maxStreams: MAX_STREAMS });
  const policy = policyOf(fleet, randomOfPolicy(seed));
  let spentMs = 0;
  let placed = 0;
  let largest = 0;
  const arrive = async (endsAfterMs: number): Promise<void> => {
    const streams = sizes === 'equal' ? STREAMS_OF_FIVE : skewedStreams(random);
    const startedMs = performance.now();
    const id = await policy();
    spentMs += performance.now() - startedMs;
    if (id === undefined) return;
    placed++;
    largest = Math.max(largest, streams);
    fleet.begin(id, streams, endsAfterMs);
  };
  const fillTicks = fillMs / TICK_MS;
  let credit = 0;
  for (let tick = 0; tick < fillTicks; tick++) {
    for (credit += meetings / fillTicks; credit >= 1; credit--) {
      // Those that are there when the churn begins end as those of a system that has run for long do.
      const untilChurnMs = (fillTicks - tick) * TICK_MS;
      await arrive(untilChurnMs + exponential(random, LIFETIME_MS));
    }
    await fleet.tick();
  }
  await run(fleet, SAMPLE_TICKS);
  let worst = fullestToMean(fleet.nodes);
  const churnTicks = churnMs / TICK_MS;
  for (let tick = 0; tick < churnTicks; tick++) {
    for (credit += (meetings * TICK_MS) / LIFETIME_MS; credit >= 1; credit--)
      await arrive(exponential(random, LIFETIME_MS));
    await fleet.tick();
    if (tick % SAMPLE_TICKS === 0) worst = Math.max(worst, fullestToMean(fleet.nodes));
  }
  return {
    fullestToMean: worst,
    largestMeetingToMean: largest / mean(fleet.nodes),
    assignmentsPerSecond: Math.round((placed / spentMs) * 1_000),
  };
}

export interface LossResult {
  readonly nodes: number;
  readonly lost: number;
  readonly replaced: number;
  /** Of the nodes that are left, when all meetings of the lost ones have been placed again. */
  readonly fullestToMean: number;
  /** Meetings that were placed on a lost node after its silence was noticed. */
  readonly placedOnLost: number;
}

/** A whole zone falls silent. Its meetings are placed again when that is noticed, as fast as they come. */
export async function loseZone(policyOf: PolicyMaker, nodes: number, seed: number): Promise<LossResult> {
  const fleet = await Fleet.start({ nodes, maxStreams: MAX_STREAMS });
  const policy = policyOf(fleet, randomOfPolicy(seed));
  const perTick = nodes / 100;
  for (let i = 0; i < 10 * nodes; i++) {
    const id = await policy();
    if (id !== undefined) fleet.begin(id, STREAMS_OF_FIVE, Number.POSITIVE_INFINITY);
    if (i % perTick < 1) await fleet.tick();
  }
  await run(fleet, 200);
  const lost = fleet.nodes.filter(({ zone }) => zone === 'a');
  for (const { id } of lost) fleet.lose(id);
  await run(fleet, 310);
  const toReplace = lost.reduce((sum, { meetings }) => sum + meetings, 0);
  let placedOnLost = 0;
  for (let i = 0; i < toReplace; i++) {
    const id = await policy();
    if (id === undefined) continue;
    if (fleet.node(id)?.alive === false) placedOnLost++;
    else fleet.begin(id, STREAMS_OF_FIVE, Number.POSITIVE_INFINITY);
    if (i % perTick < 1) await fleet.tick();
  }
  await run(fleet, 200);
  const left = fleet.nodes.filter(({ alive }) => alive);
  return {
    nodes,
    lost: lost.length,
    replaced: toReplace,
    fullestToMean: fullestToMean(left),
    placedOnLost,
  };
}

export interface SelectionTime {
  readonly nodes: number;
  /** Of a selection from what a look-up answered, µs. */
  readonly us: number;
  /** Our own time of a whole placement (look-up, selection, reservation) without that of the store, µs. */
  readonly placementUs: number;
  /** Nodes that the store answered for one placement. */
  readonly nodesRead: number;
}

const ROUNDS = 41;
const PER_ROUND = 500;

/**
 * Fleets of these sizes by turns, so that what disturbs the machine disturbs all of them; of the rounds the lower
 * quartile, which is disturbed least.
 */
export async function selectionTimes(sizes: readonly number[]): Promise<SelectionTime[]> {
  const fleets = await Promise.all(sizes.map(fleetToTime));
  for (let round = 0; round < ROUNDS; round++)
    for (const { policy, store, placementUs } of fleets) {
      store.answers.length = 0;
      const storeBeforeMs = store.spentMs;
      const startedMs = performance.now();
      for (let i = 0; i < PER_ROUND; i++) await policy();
      const ownMs = performance.now() - startedMs - (store.spentMs - storeBeforeMs);
      placementUs.push((ownMs * 1_000) / PER_ROUND);
    }
  for (let round = 0; round < ROUNDS; round++)
    for (const { fleet, store, random, selectionUs } of fleets) {
      const options = { region: REGION, nowMs: fleet.clock.epochMs(), random };
      const startedMs = performance.now();
      for (const answer of store.answers)
        selectNode(
          answer.map(({ node }) => toCandidate(node, handlerCapacity)),
          options,
        );
      selectionUs.push(((performance.now() - startedMs) * 1_000) / store.answers.length);
    }
  return fleets.map(({ nodes, store, selectionUs, placementUs }) => ({
    nodes,
    us: quantile(selectionUs, 0.25),
    placementUs: quantile(placementUs, 0.25),
    nodesRead: store.answers.reduce((sum, { length }) => sum + length, 0) / PER_ROUND,
  }));
}

async function fleetToTime(nodes: number) {
  // Room for every meeting of every round, on ten nodes as well.
  const fleet = await Fleet.start({ nodes, maxStreams: 1_000_000 });
  const random = seededRandom(nodes);
  const store = new TimedStore(fleet.store);
  const policy = oursOver(store, fleet, random);
  return { nodes, fleet, random, store, policy, selectionUs: [] as number[], placementUs: [] as number[] };
}

/** Its own, so that whatever a policy draws, arrivals, sizes and lifetimes are the same for all. */
function randomOfPolicy(seed: number): Random {
  return seededRandom(~seed);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(part * sorted.length)] ?? Number.NaN;
}

async function run(fleet: Fleet, ticks: number): Promise<void> {
  for (let i = 0; i < ticks; i++) await fleet.tick();
}

function fullestToMean(nodes: readonly ReadonlyNode[]): number {
  return Math.max(...nodes.map(({ streams }) => streams)) / mean(nodes);
}

function mean(nodes: readonly ReadonlyNode[]): number {
  return nodes.reduce((sum, { streams }) => sum + streams, 0) / nodes.length;
}

/** Of participants: the median is 4, one meeting in a hundred has over 20, none over 50; each sees and hears up to nine. */
function skewedStreams(random: Random): number {
  const participants = Math.min(50, Math.max(2, Math.round(logNormal(random, 4, 0.7))));
  return participants * Math.min(participants - 1, 9) * 2;
}
