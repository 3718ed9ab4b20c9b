// One run of a case: a path that is good, then bad, then good again.
import type { AdaptationCase } from './cases.ts';
import { type Change, figuresOf, recoveredMs } from './figures.ts';
import { Meeting } from './Meeting.ts';
import { LAYERS, type ViewerFigures } from './plan.ts';

const VIEWERS = 4;
const TOP_RUNG = 2 * LAYERS.length - 1;
const WARM_UP_MS = 4_000;
/** Figures of a bad path once it is settled: MH-5 allows so long for that. */
const SETTLE_MS = 5_000;
const IMPAIRED_MS = 17_000;
const RECOVERY_LIMIT_MS = 40_000;
/** Everything has been sent again for so long: the run is over. */
const RECOVERED_FOR_MS = 4_000;
const POLL_MS = 25;

export interface RunFigures {
  /** First rung below the one before, and the rung that then holds, after the path turned bad; null: none. */
  readonly reactMs: number | null;
  readonly settledMs: number | null;
  /** Changes of what is sent after it had settled. */
  readonly flaps: number;
  /** From the moment at which the path is good again until everything is sent for good; null: not within 40 s. */
  readonly recoverMs: number | null;
  /** Steps down on the way there. */
  readonly recoveryFlaps: number;
  /** Of what arrived in the first 5 s after the path turned bad. */
  readonly firstP95LatencyMs: number | null;
  /** What the viewer has of it once it has settled. */
  readonly framesPerSecond: number;
  readonly longestFreezeMs: number;
  readonly p95LatencyMs: number | null;
  readonly soundLossRatio: number;
  /** Of the other viewers, over the whole run. */
  readonly othersLoss: number;
  readonly othersChanges: number;
  /** What was sent before, during and after. */
  readonly layers: readonly [string, string, string];
}

export async function measureOnce(one: AdaptationCase, seed: number): Promise<RunFigures> {
  const meeting = await Meeting.start({ viewers: VIEWERS, seed });
  try {
    const watched = new Watched(meeting);
    const impair = (conditions: AdaptationCase['before']): void => {
      meeting.proxy.impair('toClient', conditions);
      meeting.proxy.impair('toServer', one.impairsWayBack ? conditions : {});
    };
    impair(one.before);
    await watched.poll(WARM_UP_MS);
    if (watched.rung !== TOP_RUNG)
      throw new Error(`Over a good path the viewer is sent ${nameOf(watched.rung)}, not everything`);
    watched.othersChanges = 0;
    const impairedAtMs = performance.now();
    impair(one.impaired);
    await meeting.take();
    await watched.poll(SETTLE_MS);
    const [first] = (await meeting.take()).viewers;
    await watched.poll(IMPAIRED_MS - SETTLE_MS);
    const [settled] = (await meeting.take()).viewers;
    if (settled === undefined) throw new Error('The clients answered without the viewer');
    const restoredAtMs = performance.now();
    impair(one.before);
    await watched.poll(RECOVERY_LIMIT_MS, RECOVERED_FOR_MS);
    const endAtMs = performance.now();
    const othersLoss = await lossOfOthers(meeting, (await meeting.finish()).viewers);
    const { changes, othersChanges } = watched;
    const bad = figuresOf(changes, impairedAtMs, restoredAtMs);
    const recovery = figuresOf(changes, restoredAtMs, endAtMs);
    return {
      reactMs: rounded(bad.reactMs),
      settledMs: rounded(bad.settledMs),
      flaps: bad.flaps,
      recoverMs: rounded(recoveredMs(changes, restoredAtMs, endAtMs, TOP_RUNG)),
      recoveryFlaps: recovery.stepsDown,
      firstP95LatencyMs: rounded(first?.p95LatencyMs),
      framesPerSecond: round(settled.framesPerSecond, 1),
      longestFreezeMs: Math.round(settled.longestFreezeMs),
      p95LatencyMs: rounded(settled.p95LatencyMs),
      soundLossRatio: round(settled.soundLossRatio, 3),
      othersLoss,
      othersChanges,
      layers: [nameOf(TOP_RUNG), nameOf(bad.rungAtEnd), nameOf(recovery.rungAtEnd)],
    };
  } finally {
    await meeting.stop();
  }
}

/** Follows what each viewer is sent. */
class Watched {
  readonly changes: Change[] = [];
  othersChanges = 0;
  readonly #meeting: Meeting;
  #others: readonly number[] = [];

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  get rung(): number {
    return this.changes.at(-1)?.rung ?? 0;
  }

  /** For so long, or until everything has been sent for `enoughMs`. */
  async poll(forMs: number, enoughMs = Number.POSITIVE_INFINITY): Promise<void> {
    const startMs = performance.now();
    while (performance.now() - startMs < forMs) {
      const [first = 0, ...others] = (await this.#meeting.sent()).map(({ rung }) => rung);
      const atMs = performance.now();
      if (first !== this.changes.at(-1)?.rung) this.changes.push({ atMs, rung: first });
      this.othersChanges += others.filter((rung, index) => rung !== this.#others[index]).length;
      this.#others = others;
      if (first === TOP_RUNG && atMs - Math.max(startMs, this.changes.at(-1)?.atMs ?? 0) >= enoughMs) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Of what was to be sent to them: what was refused for want of room, and what was sent and did not arrive. */
async function lossOfOthers(meeting: Meeting, viewers: readonly ViewerFigures[]): Promise<number> {
  const sent = (await meeting.sent()).slice(1);
  const expected = sent.reduce((sum, { datagrams, refused }) => sum + datagrams + refused, 0);
  const received = viewers.slice(1).reduce((sum, { datagramsReceived }) => sum + datagramsReceived, 0);
  return round(1 - received / expected, 6);
}

function nameOf(rung: number): string {
  return `${['low', 'medium', 'high'][Math.floor(rung / 2)]}${rung % 2 === 0 ? ' thinned' : ''}`;
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
