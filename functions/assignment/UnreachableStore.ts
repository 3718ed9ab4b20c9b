import type { EpochMs } from '../../shared/base/clock.ts';
import type { Assignment } from './Assignment.ts';

/** Reports count together for this long after the first: a controller that is gone is gone for all at once. */
export const REPORT_WINDOW_MS = 120_000;
/** Reporters that are kept of one assignment: more than the majority of the largest meeting. */
export const MAX_REPORTERS = 600;

/** Who has said that an assignment's controller cannot be reached. Rejects with ApiError (503) while the store is away. */
export interface UnreachableStore {
  /** Counts the reporter, once, and answers how many have said so within the window. */
  report(assignment: Assignment, reporter: string, atMs: EpochMs): Promise<number>;
}
