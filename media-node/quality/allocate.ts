// Shares what a subscriber's path takes out over what it watches (ledger MH-5). Pure: figures in, decision out.

/** Something watched: its rungs, from the least that can be sent to all that is wished for. */
export interface Watched {
  /** Higher comes first. */
  readonly priority: number;
  /** What each rung costs, bits per second, rising. The first is always sent. */
  readonly rungsBps: readonly number[];
}

export interface Allocation {
  /** Rung of each, in the order given. */
  readonly rungs: readonly number[];
  readonly totalBps: number;
  /** Budget at which one more rung would be sent; undefined when everything wished for is. */
  readonly nextBps: number | undefined;
  /** What everything wished for costs. */
  readonly wishedBps: number;
}

/**
 * Everybody's least rung first, whatever it costs. Then by priority: who comes first is raised as far as the budget goes,
 * those of equal priority by turns, the lowest first.
 */
export function allocate(budgetBps: number, watched: readonly Watched[]): Allocation {
  const rungs = watched.map(() => 0);
  let totalBps = watched.reduce((sum, { rungsBps }) => sum + (rungsBps[0] ?? 0), 0);
  const open = new Set(watched.keys());
  for (let index = nextToRaise(watched, rungs, open); index !== undefined; ) {
    const addedBps = costOf(watched, rungs, index);
    if (addedBps === undefined) open.delete(index);
    else if (totalBps + addedBps <= budgetBps) {
      rungs[index] = (rungs[index] ?? 0) + 1;
      totalBps += addedBps;
    } else open.delete(index);
    index = nextToRaise(watched, rungs, open);
  }
  const missing = watched
    .map((_, index) => costOf(watched, rungs, index))
    .filter((cost) => cost !== undefined);
  return {
    rungs,
    totalBps,
    nextBps: missing.length === 0 ? undefined : totalBps + Math.min(...missing),
    wishedBps: watched.reduce((sum, { rungsBps }) => sum + (rungsBps.at(-1) ?? 0), 0),
  };
}

/** What one more rung costs; undefined at the top. */
function costOf(watched: readonly Watched[], rungs: readonly number[], index: number): number | undefined {
  const rung = rungs[index] ?? 0;
  const costs = watched[index]?.rungsBps ?? [];
  const next = costs[rung + 1];
  return next === undefined ? undefined : next - (costs[rung] ?? 0);
}

function nextToRaise(
  watched: readonly Watched[],
  rungs: readonly number[],
  open: ReadonlySet<number>,
): number | undefined {
  let best: number | undefined;
  for (const index of open) {
    if (best === undefined) best = index;
    else {
      const ahead = (watched[index]?.priority ?? 0) - (watched[best]?.priority ?? 0);
      if (ahead > 0 || (ahead === 0 && (rungs[index] ?? 0) < (rungs[best] ?? 0))) best = index;
    }
  }
  return best;
}
