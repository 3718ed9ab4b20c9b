// A subscriber's path as arithmetic, with the policy in the loop: what is chosen is sent, queues, is lost, arrives, is
// reported, and judged. Time runs in slots; the same path gives the same run each time.
import { allocate } from '../../../media-node/quality/allocate.ts';
import { type DelayFigures, DelayTrend } from '../../../media-node/quality/DelayTrend.ts';
import { PATH_STEP_MS, type PathDecision, PathPolicy } from '../../../media-node/quality/PathPolicy.ts';
import { RecentLeast } from '../../../media-node/quality/RecentLeast.ts';
import { RoundTripWindow } from '../../../media-node/quality/RoundTripWindow.ts';
import { seededRandom } from '../../bench/placement/seededRandom.ts';

const SLOT_MS = 25;
const PING_MS = 125;
const CAPTURE_WINDOW_MS = 125;
const CLOCK_MS = 1_700_000_000;
const CLOCK_DRIFT = 0.000_1;
const DATAGRAM_BITS = 8_000;
const SOUND_BPS = 50_000;
const SOUND_DATAGRAMS = 50;
/** Headers of all layers, on top of what streams say they cost. */
const OVERHEAD = 1.08;
/** A change takes a key frame to begin. */
const SWITCH_MS = 100;
const TOP = [90_000, 150_000, 300_000, 500_000, 900_000, 1_500_000] as const;

export interface SimulatedConditions {
  readonly rateBps: number;
  readonly queueMs: number;
  readonly lossRatio: number;
  readonly delayMs: number;
  /** Added to the delay: evenly distributed from 0 to this. */
  readonly jitterMs: number;
}

export const GOOD: SimulatedConditions = {
  rateBps: 5_000_000,
  queueMs: 200,
  lossRatio: 0,
  delayMs: 20,
  jitterMs: 0,
};

interface Slot {
  readonly sentAtMs: number;
  readonly arrivesAtMs: number;
  readonly datagrams: number;
  readonly received: number;
  readonly videoBits: number;
}

export class SimulatedPath {
  readonly policy = new PathPolicy();
  /** Rung sent from each moment on. */
  readonly changes: { readonly atMs: number; readonly rung: number }[] = [];
  readonly decisions: (PathDecision & { readonly atMs: number })[] = [];
  nowMs = 0;
  /** Answers of the client wait for it, as while a page is busy. */
  clientBusyUntilMs = 0;
  worstQueueMs = 0;
  /** What each slot's datagrams took, without a busy client. */
  delaysMs: number[] = [];
  readonly #window = new RoundTripWindow();
  readonly #random = seededRandom(3);
  readonly #jitterRandom = seededRandom(5);
  readonly #tellsDelay: boolean;
  readonly #rungsBps: readonly number[];
  #conditions = GOOD;
  #queuedBits = 0;
  #slots: Slot[] = [];
  #pings: { readonly sentAtMs: number; readonly answeredAtMs: number }[] = [];
  #reportedUpToMs = 0;
  #rung: number;
  #pending: { readonly rung: number; readonly atMs: number } | undefined;
  #decision: PathDecision = { budgetBps: Number.POSITIVE_INFINITY, probeBps: 0 };
  #latestDelivered: number[] = [];
  #latestSent: number[] = [];
  readonly #trend = new DelayTrend();
  /** What has arrived and is not told of yet. */
  #arrived: Slot[] = [];
  readonly #busyMs: number[] = [];
  #busySinceMs = 0;
  #lastTransitMs = 0;
  #jitterMs = 0;
  readonly #baseJitter = new RecentLeast();

  constructor(rungsBps: readonly number[] = TOP, tellsDelay = true) {
    this.#rungsBps = rungsBps;
    this.#tellsDelay = tellsDelay;
    this.#rung = rungsBps.length - 1;
  }

  get rung(): number {
    return this.#rung;
  }

  get top(): number {
    return this.#rungsBps.length - 1;
  }

  change(conditions: Partial<SimulatedConditions>): void {
    this.#conditions = { ...GOOD, ...conditions };
  }

  run(forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += SLOT_MS) {
      this.#send();
      if (this.nowMs % PING_MS === 0) this.#ping();
      this.#answers();
      if (this.nowMs % PATH_STEP_MS === 0) this.#step();
    }
  }

  #send(): void {
    if (this.#pending !== undefined && this.nowMs >= this.#pending.atMs) {
      this.#rung = this.#pending.rung;
      this.#pending = undefined;
      this.changes.push({ atMs: this.nowMs, rung: this.#rung });
    }
    const { rateBps, queueMs, lossRatio, delayMs } = this.#conditions;
    const perSlot = SLOT_MS / 1_000;
    // Frames differ in size.
    const videoBits = (this.#rungsBps[this.#rung] ?? 0) * perSlot * (0.8 + 0.4 * this.#random());
    const mediaBits = videoBits * OVERHEAD + SOUND_BPS * perSlot;
    const offered = mediaBits + this.#decision.probeBps * OVERHEAD * perSlot;
    this.#queuedBits = Math.max(0, this.#queuedBits - rateBps * perSlot);
    const room = Math.max(0, (rateBps * queueMs) / 1_000 - this.#queuedBits);
    const taken = Math.min(offered, room + rateBps * perSlot);
    this.#queuedBits = Math.max(0, this.#queuedBits + taken);
    const share = offered === 0 ? 1 : taken / offered;
    const datagrams = videoBits / DATAGRAM_BITS + SOUND_DATAGRAMS * perSlot;
    const lost = datagrams * (1 - share) + datagrams * share * lossRatio * (0.5 + this.#random());
    this.#latestSent = [...this.#latestSent, videoBits / perSlot].slice((-2 * PATH_STEP_MS) / SLOT_MS);
    this.worstQueueMs = Math.max(this.worstQueueMs, this.#queueMs());
    const jitterMs = this.#conditions.jitterMs === 0 ? 0 : this.#conditions.jitterMs * this.#jitterRandom();
    const arrivesAtMs = this.nowMs + delayMs + this.#queueMs() + jitterMs;
    this.delaysMs.push(delayMs + this.#queueMs());
    this.#slots.push({
      sentAtMs: this.nowMs,
      // Datagrams do not overtake each other.
      arrivesAtMs: Math.max(arrivesAtMs, this.clientBusyUntilMs, this.#slots.at(-1)?.arrivesAtMs ?? 0),
      datagrams,
      received: datagrams - lost,
      videoBits: videoBits * (1 - lost / datagrams),
    });
  }

  #queueMs(): number {
    return (this.#queuedBits / this.#conditions.rateBps) * 1_000;
  }

  #ping(): void {
    const answeredAtMs = Math.max(
      this.clientBusyUntilMs,
      this.nowMs + this.#conditions.delayMs + this.#queueMs(),
    );
    this.#pings.push({ sentAtMs: this.nowMs, answeredAtMs });
  }

  #answers(): void {
    for (const ping of this.#pings)
      if (ping.answeredAtMs <= this.nowMs) this.#window.add(ping.answeredAtMs - ping.sentAtMs, this.nowMs);
    this.#pings = this.#pings.filter(({ answeredAtMs }) => answeredAtMs > this.nowMs);
  }

  /** The report tells of windows that are over, by a clock of the client's own that goes a little fast. */
  #tell(reported: readonly Slot[]): void {
    const arrived = [...this.#arrived, ...reported];
    const windowOf = ({ sentAtMs }: Slot): number => Math.floor(sentAtMs / CAPTURE_WINDOW_MS);
    const newest = Math.max(...arrived.map(windowOf));
    for (const slot of reported) {
      const transitMs = slot.arrivesAtMs - slot.sentAtMs;
      this.#jitterMs += (Math.abs(transitMs - this.#lastTransitMs) - this.#jitterMs) / 16;
      this.#lastTransitMs = transitMs;
    }
    this.#baseJitter.add(this.#jitterMs, this.nowMs);
    for (const slot of arrived)
      if (windowOf(slot) < newest)
        this.#trend.add(slot.sentAtMs, (1 + CLOCK_DRIFT) * slot.arrivesAtMs - CLOCK_MS - slot.sentAtMs);
    this.#arrived = arrived.filter((slot) => windowOf(slot) === newest);
    this.#busyMs.push(Math.max(0, this.clientBusyUntilMs - this.#busySinceMs));
    this.#busySinceMs = this.nowMs;
    if (this.#busyMs.length > 2) this.#busyMs.shift();
  }

  #delay(): DelayFigures | undefined {
    const delay = this.#tellsDelay ? this.#trend.figures(this.nowMs) : undefined;
    return delay && { ...delay, queueDelayMs: delay.queueDelayMs - Math.max(0, ...this.#busyMs) };
  }

  #step(): void {
    const isBusy = this.clientBusyUntilMs > this.nowMs;
    const reportMs = isBusy ? this.#reportedUpToMs : this.nowMs - this.#conditions.delayMs / 2;
    const reported = this.#slots.filter(({ arrivesAtMs }) => arrivesAtMs <= reportMs);
    this.#slots = this.#slots.filter(({ arrivesAtMs }) => arrivesAtMs > reportMs);
    const sum = (of: (slot: Slot) => number): number => reported.reduce((total, slot) => total + of(slot), 0);
    const intervalMs = Math.max(1, reportMs - this.#reportedUpToMs);
    if (!isBusy)
      this.#latestDelivered = [
        ...this.#latestDelivered,
        (sum(({ videoBits }) => videoBits) * 1_000) / intervalMs,
      ].slice(-2);
    this.#reportedUpToMs = reportMs;
    if (!isBusy) this.#tell(reported);
    const allocation = allocate(this.#decision.budgetBps, [{ priority: 0, rungsBps: this.#rungsBps }]);
    this.#decision = this.policy.step(this.nowMs, {
      roundTripMs: this.#window.roundTripMs(this.nowMs),
      latestRoundTripMs: this.#window.latestMs,
      baseRoundTripMs: this.#window.baseMs,
      delay: this.#delay(),
      jitterMs: this.#tellsDelay ? Math.max(0, this.#jitterMs - Math.max(0, ...this.#busyMs)) : undefined,
      baseJitterMs: this.#tellsDelay ? this.#baseJitter.value : undefined,
      expected: sum(({ datagrams }) => datagrams),
      received: sum(({ received }) => received),
      refused: 0,
      deliveredBps: mean(this.#latestDelivered),
      sentBps: mean(this.#latestSent),
      allocatedBps: allocation.totalBps,
      nextBps: allocation.nextBps,
      wishedBps: allocation.wishedBps,
    });
    if (this.#decision.lowered || this.#decision.recovered)
      this.decisions.push({ ...this.#decision, atMs: this.nowMs });
    const [rung = 0] = allocate(this.#decision.budgetBps, [{ priority: 0, rungsBps: this.#rungsBps }]).rungs;
    const next = this.#pending?.rung ?? this.#rung;
    if (rung !== next) this.#pending = { rung, atMs: this.nowMs + SWITCH_MS };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((total, one) => total + one / values.length, 0);
}
