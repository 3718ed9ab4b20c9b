// The sweep of a system on one machine, where no scheduler calls it.
import type { Clock } from '../../shared/base/clock.ts';
import { SWEEP_INTERVAL_MS } from '../registry/sweepNodes.ts';
import type { Sweep } from '../sweep.ts';

export class SweepTimer {
  readonly #timer: NodeJS.Timeout;
  #underWay: Promise<void> | undefined;

  /** Sweeps now, and then at the interval; never twice at once. */
  constructor(sweep: Sweep, clock: Clock, intervalMs: number = SWEEP_INTERVAL_MS) {
    const run = (): void => {
      this.#underWay ??= sweep(clock.epochMs())
        // Each failed job has said so in the log; the next sweep tries again.
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => {
          this.#underWay = undefined;
        });
    };
    this.#timer = setInterval(run, intervalMs);
    this.#timer.unref();
    run();
  }

  /** Ends when no sweep is under way. Idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#underWay;
  }
}
