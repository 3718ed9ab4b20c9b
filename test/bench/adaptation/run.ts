// How a subscriber's path that turns bad is reacted to, and how it recovers. See METHOD.md.
import { parseArgs } from 'node:util';
import { quantile } from '../../load/client/quantile.ts';
import { CASES } from './cases.ts';
import { measureOnce, type RunFigures } from './measure.ts';

const DEFAULT_RUNS = 3;
const MAX_RUNS = 1_000;

/** Median and worst of the runs; null when a run has none. */
export interface Summary {
  readonly median: number | null;
  readonly worst: number | null;
}
type Figure = Exclude<keyof RunFigures, 'layers'>;
export type CaseResult = Readonly<Record<Figure, Summary>> & {
  readonly name: string;
  readonly runs: number;
  /** What was sent before, during and after, of each run. */
  readonly layers: readonly string[];
};
export interface AdaptationResult {
  readonly cases: readonly CaseResult[];
}

/** `args`: --runs N, --case TEXT (cases whose name holds it). Rejects when a run could not be made. */
export async function run(args: readonly string[]): Promise<AdaptationResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      case: { type: 'string', default: '' },
    },
  });
  const runs = Number(values.runs);
  if (!/^\d+$/.test(values.runs) || runs < 1 || runs > MAX_RUNS)
    throw new RangeError(`--runs must be a whole number from 1 to ${MAX_RUNS}: got "${values.runs}"`);
  const chosen = CASES.filter(({ name }) => name.includes(values.case));
  if (chosen.length === 0)
    throw new RangeError(
      `--case must be part of one of ${CASES.map(({ name }) => `"${name}"`).join(', ')}: "${values.case}"`,
    );
  const measured = chosen.map((one) => ({ one, figures: [] as RunFigures[] }));
  for (let index = 1; index <= runs; index++) {
    for (const { one, figures } of measured) {
      const latest = await measureOnce(one, index);
      figures.push(latest);
      process.stderr.write(`${one.name} ${index}/${runs}: ${JSON.stringify(latest)}\n`);
    }
  }
  return { cases: measured.map(({ one, figures }) => summarise(one.name, figures)) };
}

export function describe({ cases }: AdaptationResult): string {
  const text = ({ median, worst }: Summary): string => `${median ?? 'never'} (worst ${worst ?? 'never'})`;
  return cases
    .map((one) =>
      [
        `${one.name}, ${one.runs} runs: ${one.layers.join('; ')}`,
        `  reacts in ms ${text(one.reactMs)}, settled in ms ${text(one.settledMs)}, changes after that ${text(one.flaps)}`,
        `  all is sent again in ms ${text(one.recoverMs)}, steps back ${text(one.recoveryFlaps)}`,
        `  first 5 s: p95 ms ${text(one.firstP95LatencyMs)}; settled: frames/s ${text(one.framesPerSecond)}, p95 ms ${text(one.p95LatencyMs)}, sound lost ${text(one.soundLossRatio)}`,
        `  others: loss ${text(one.othersLoss)}, changes ${text(one.othersChanges)}`,
      ].join('\n'),
    )
    .join('\n');
}

function summarise(name: string, runs: readonly RunFigures[]): CaseResult {
  const of = (figure: Figure, worst: 'highest' | 'lowest' = 'highest'): Summary => {
    const values = runs.map((one) => one[figure]);
    const known = values.filter((value) => value !== null);
    if (known.length < values.length) return { median: null, worst: null };
    return {
      median: quantile(known, 0.5) ?? null,
      worst: worst === 'highest' ? Math.max(...known) : Math.min(...known),
    };
  };
  return {
    name,
    runs: runs.length,
    layers: runs.map(({ layers }) => layers.join(' > ')),
    reactMs: of('reactMs'),
    settledMs: of('settledMs'),
    flaps: of('flaps'),
    recoverMs: of('recoverMs'),
    recoveryFlaps: of('recoveryFlaps'),
    firstP95LatencyMs: of('firstP95LatencyMs'),
    framesPerSecond: of('framesPerSecond', 'lowest'),
    longestFreezeMs: of('longestFreezeMs'),
    p95LatencyMs: of('p95LatencyMs'),
    soundLossRatio: of('soundLossRatio'),
    othersLoss: of('othersLoss'),
    othersChanges: of('othersChanges'),
  };
}
