import type { EpochMs } from '../../shared/base/clock.ts';
import type { NodeHealth } from './health.ts';
import type { MediaNode } from './MediaNode.ts';

/** Candidates of one selection: a bound on its cost. Reports come spread over time, so the newest are a fair sample. */
export const MAX_CANDIDATES = 500;

/** Nodes of one kind. All methods reject with ApiError (503) while the store is away. */
export interface NodeStore<Registration, Load> {
  /** Puts the node in, or in place of what was there: nothing of it stays (ledger GC-1). */
  register(node: Omit<MediaNode<Registration, Load>, 'load'>): Promise<void>;
  /** Takes a report; figures that are absent keep their value. False when the node is not registered (ledger GC-2). */
  report(id: string, health: NodeHealth, load: Partial<Load>): Promise<boolean>;
  get(id: string): Promise<MediaNode<Registration, Load> | undefined>;
  /** Up to MAX_CANDIDATES nodes of the region that have reported since then, the latest first. */
  reportedSince(region: string, sinceMs: EpochMs): Promise<readonly MediaNode<Registration, Load>[]>;
}
