import type { Brand } from './brand.ts';

/** Milliseconds since the Unix epoch. */
export type EpochMs = Brand<number, 'EpochMs'>;

/** Time as code is given it: nothing reads the system's clock by itself, so that tests drive it. */
export interface Clock {
  /** Wall clock, for timestamps that leave the process. May jump. */
  epochMs(): EpochMs;
  /** Monotonic milliseconds from an arbitrary start, for durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  epochMs: () => Date.now() as EpochMs,
  monotonicMs: () => performance.now(),
};
