// The handler workers of a node, one per core (ledger SFU-1), and the load of each, measured on an interval.
import type { WorkerBody } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { HandlerCalls, HandlerStats } from '../ipc/protocol.ts';
import { LoadMeter } from './LoadMeter.ts';
import type { SupervisedWorker } from './SupervisedWorker.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

/** Interval over which CPU and bandwidth are averaged. */
const SAMPLE_INTERVAL_MS = 2_000;

export type HandlerWorker = WorkerProcess<HandlerCalls>;

/** What the internal API needs of the workers. */
export interface HandlerWorkers {
  /** Workers that serve now. */
  running(): readonly HandlerWorker[];
  /** Figures of all running workers. A worker that does not answer is left out. */
  list(): Promise<readonly WorkerBody[]>;
}

/** Load of the node over the last interval. */
export interface NodeLoad {
  /** Producers and subscriptions. */
  readonly streams: number;
  /** CPU of the busiest worker, 0 to 1: one worker at its core's limit is full, whatever the others do. */
  readonly cpuRatio: number;
  readonly bandwidthInBps: number;
  readonly bandwidthOutBps: number;
  /** Share of the datagrams to be sent that were dropped, 0 to 1. */
  readonly packetLossRatio: number;
  readonly workersRunning: number;
  readonly workersConfigured: number;
}

export class WorkerPool implements HandlerWorkers {
  readonly #workers: readonly SupervisedWorker<HandlerCalls>[];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #meters = new WeakMap<HandlerWorker, LoadMeter>();
  #timer: NodeJS.Timeout | undefined;
  #sampling = false;

  constructor(workers: readonly SupervisedWorker<HandlerCalls>[], clock: Clock, log: Logger) {
    this.#workers = workers;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects when one of them does not start; the others are then for stop() to end. */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.start()));
    await this.sample();
    this.#timer = setInterval(() => void this.sample(), SAMPLE_INTERVAL_MS);
  }

  async stop(reason: string, graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#workers.map((worker) => worker.stop(reason, graceMs)));
  }

  running(): readonly HandlerWorker[] {
    return this.#workers.map((worker) => worker.current).filter((worker) => worker !== undefined);
  }

  async list(): Promise<readonly WorkerBody[]> {
    const workers = await this.#statsOfAll();
    return workers.map(([worker, stats]) => ({
      ...stats,
      worker_id: worker.workerId,
      pid: worker.pid,
      udp_port: worker.udpPort,
      cpu_ratio: this.#meterOf(worker).rates.cpuRatio,
    }));
  }

  /** Ends an interval and begins the next. Does nothing while a sample is under way. */
  async sample(): Promise<void> {
    if (this.#sampling) return;
    this.#sampling = true;
    try {
      const nowMs = this.#clock.monotonicMs();
      for (const [worker, stats] of await this.#statsOfAll()) this.#meterOf(worker).add(stats, nowMs);
    } finally {
      this.#sampling = false;
    }
  }

  load(): NodeLoad {
    const running = this.running();
    const meters = running.map((worker) => this.#meterOf(worker));
    const sum = (pick: (meter: LoadMeter) => number): number =>
      meters.reduce((total, meter) => total + pick(meter), 0);
    const dropped = sum((meter) => meter.rates.droppedPerSecond);
    const sent = sum((meter) => meter.rates.datagramsOutPerSecond);
    return {
      streams: sum((meter) => meter.streams),
      cpuRatio: Math.max(0, ...meters.map((meter) => meter.rates.cpuRatio)),
      bandwidthInBps: Math.round(sum((meter) => meter.rates.bitsInPerSecond)),
      bandwidthOutBps: Math.round(sum((meter) => meter.rates.bitsOutPerSecond)),
      packetLossRatio: dropped === 0 ? 0 : dropped / (dropped + sent),
      workersRunning: running.length,
      workersConfigured: this.#workers.length,
    };
  }

  async #statsOfAll(): Promise<readonly (readonly [HandlerWorker, HandlerStats])[]> {
    const answers = await Promise.all(
      this.running().map(async (worker) => {
        try {
          return [[worker, await worker.call('stats', null)] as const];
        } catch (error) {
          this.#log.warn('Worker does not tell its load', { worker_id: worker.workerId, error });
          return [];
        }
      }),
    );
    return answers.flat();
  }

  #meterOf(worker: HandlerWorker): LoadMeter {
    let meter = this.#meters.get(worker);
    if (meter === undefined) {
      meter = new LoadMeter();
      this.#meters.set(worker, meter);
    }
    return meter;
  }
}
