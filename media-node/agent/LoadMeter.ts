import type { HandlerStats } from '../ipc/protocol.ts';
import { DESTINATION_DROP_NAMES } from '../metrics/DropReason.ts';

export interface LoadRates {
  /** CPU time by wall time, 0 to 1: a worker is one core. */
  readonly cpuRatio: number;
  readonly bitsInPerSecond: number;
  readonly bitsOutPerSecond: number;
  readonly datagramsOutPerSecond: number;
  /** Datagrams that were to be sent; refused input does not count, it is the sender's fault and not load. */
  readonly droppedPerSecond: number;
}

const NO_RATES: LoadRates = {
  cpuRatio: 0,
  bitsInPerSecond: 0,
  bitsOutPerSecond: 0,
  datagramsOutPerSecond: 0,
  droppedPerSecond: 0,
};

interface Sample {
  readonly stats: HandlerStats;
  readonly atMs: number;
}

/** Turns a worker's counters, which only grow, into rates over the interval between two samples. */
export class LoadMeter {
  #last: Sample | undefined;
  #rates: LoadRates = NO_RATES;

  /** Rates of the last interval; zero before the second sample. */
  get rates(): LoadRates {
    return this.#rates;
  }

  /** Producers and subscriptions at the last sample. */
  get streams(): number {
    return this.#last === undefined ? 0 : this.#last.stats.producers + this.#last.stats.subscriptions;
  }

  add(stats: HandlerStats, nowMs: number): void {
    const last = this.#last;
    this.#last = { stats, atMs: nowMs };
    if (last === undefined || nowMs <= last.atMs) return;
    const seconds = (nowMs - last.atMs) / 1_000;
    const perSecond = (pick: (stats: HandlerStats) => number): number =>
      Math.max(0, pick(stats) - pick(last.stats)) / seconds;
    this.#rates = {
      cpuRatio: Math.min(1, perSecond((of) => of.cpu_us) / 1_000_000),
      bitsInPerSecond: perSecond((of) => of.bytes_in) * 8,
      bitsOutPerSecond: perSecond((of) => of.bytes_out) * 8,
      datagramsOutPerSecond: perSecond((of) => of.datagrams_out),
      droppedPerSecond: perSecond(sendDrops),
    };
  }
}

function sendDrops(stats: HandlerStats): number {
  return DESTINATION_DROP_NAMES.reduce((total, reason) => total + (stats.drops[reason] ?? 0), 0);
}
