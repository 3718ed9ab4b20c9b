// Work that time brings about and no request: each job looks for what is due and does it. Every job may run in several
// processes at once, and again after a failure.
import type { EpochMs } from '../shared/base/clock.ts';
import type { Logger } from '../shared/base/log.ts';
import type { EndOptions } from './meeting/endMeeting.ts';
import { sweepMeetings } from './meeting/sweepMeetings.ts';
import { sweepNodes } from './registry/sweepNodes.ts';
import type { Stores } from './Stores.ts';

/** Does what is due and answers how many things it did. */
export type SweepJob = (nowMs: EpochMs) => Promise<number>;
/** By job, how many things it did. */
export type SweepResult = Readonly<Record<string, number>>;
export type Sweep = (nowMs: EpochMs) => Promise<SweepResult>;

/**
 * Runs every job, whatever becomes of the others.
 * @throws AggregateError with what failed, after all jobs have ended
 */
export function createSweep(jobs: Readonly<Record<string, SweepJob>>, log: Logger): Sweep {
  return async function sweep(nowMs) {
    const names = Object.keys(jobs);
    const outcomes = await Promise.allSettled(Object.values(jobs).map((job) => job(nowMs)));
    const failures: unknown[] = [];
    const done = outcomes.map((outcome, index): [string, number] => {
      const name = names[index] ?? '';
      if (outcome.status === 'fulfilled') return [name, outcome.value];
      log.warn('Sweep job failed', { job: name, error: outcome.reason });
      failures.push(outcome.reason);
      return [name, 0];
    });
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} jobs of the sweep failed`);
    return Object.fromEntries(done);
  };
}

export interface NodeSweepOptions {
  readonly region: string;
  readonly stores: Pick<Stores, 'handlers' | 'controllers'>;
  readonly log: Logger;
}

/** The jobs that mark silent nodes (ledger GC-3, GC-9). */
export function nodeSweepJobs({ region, stores, log }: NodeSweepOptions): Readonly<Record<string, SweepJob>> {
  const common = { region, log };
  return {
    silent_media_handlers: (nowMs) =>
      sweepNodes({ ...common, kind: 'media handler', nodes: stores.handlers, nowMs }),
    silent_meeting_controllers: (nowMs) =>
      sweepNodes({ ...common, kind: 'meeting controller', nodes: stores.controllers, nowMs }),
  };
}

/** The job that ends meetings which nobody is in (ledger GC-13). */
export function meetingSweepJobs(options: EndOptions, log: Logger): Readonly<Record<string, SweepJob>> {
  return { ended_meetings: async () => (await sweepMeetings(options, log)).ended };
}
