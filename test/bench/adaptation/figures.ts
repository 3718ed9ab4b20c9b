// From what one viewer was sent over time to the figures of MH-5. Pure.

/** What is sent from this moment on: a rung, 2 for each spatial layer and 1 for its temporal layers. */
export interface Change {
  readonly atMs: number;
  readonly rung: number;
}

export interface PhaseFigures {
  /** From the phase's beginning to the first rung below the one before; absent when there was none. */
  readonly reactMs?: number;
  /** To the rung that then holds for SETTLED_MS; absent when none does. */
  readonly settledMs?: number;
  /** Changes after that. */
  readonly flaps: number;
  /** Changes to a lower rung. */
  readonly stepsDown: number;
  readonly rungAtEnd: number;
}

/** A rung that holds for so long is settled on. */
export const SETTLED_MS = 3_000;

/** A phase of the changes (in order; the first one is what held before), from one moment to another. */
export function figuresOf(changes: readonly Change[], fromMs: number, toMs: number): PhaseFigures {
  const before = changes.findLast(({ atMs }) => atMs <= fromMs)?.rung ?? 0;
  const within = changes.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  const lower = within.find(({ rung }) => rung < before);
  const stretches = [{ atMs: fromMs, rung: before }, ...within];
  const settled = stretches.findIndex(
    ({ atMs }, index) =>
      (lower === undefined || atMs >= lower.atMs) &&
      (stretches[index + 1]?.atMs ?? toMs) - atMs >= SETTLED_MS,
  );
  return {
    ...(lower && { reactMs: lower.atMs - fromMs }),
    ...(settled >= 0 && { settledMs: (stretches[settled]?.atMs ?? fromMs) - fromMs }),
    stepsDown: within.filter(({ rung }, index) => rung < (stretches[index]?.rung ?? 0)).length,
    flaps: settled < 0 ? within.length : stretches.length - settled - 1,
    rungAtEnd: stretches.at(-1)?.rung ?? before,
  };
}

/** From the phase's beginning to the moment from which on everything is sent; undefined when it is not at the end. */
export function recoveredMs(
  changes: readonly Change[],
  fromMs: number,
  toMs: number,
  top: number,
): number | undefined {
  const last = changes.findLast(({ atMs }) => atMs <= toMs);
  return last?.rung === top ? Math.max(0, last.atMs - fromMs) : undefined;
}
