import type { EpochMs } from '../../shared/base/clock.ts';
import type { HealthState, NodeHealth } from './health.ts';
import type { MediaNode } from './MediaNode.ts';

/** One report of a node. */
export interface NodeReport<Load> {
  readonly state: HealthState;
  /** Figures that are absent keep their value. */
  readonly load: Partial<Load>;
  /** When it arrived, by our clock. */
  readonly atMs: EpochMs;
  /** When its figures were taken, by the node's clock: what is not newer than the last one has no effect. */
  readonly sentAtMs?: EpochMs | undefined;
}

export interface HealthChange {
  readonly before: NodeHealth | undefined;
  readonly after: NodeHealth;
}

/** Whether nodes may be given meetings, as of their last word. */
export type Place = 'open' | 'closed';

export interface NodeQuery {
  readonly region: string;
  readonly place: Place;
  /** Position to begin at, included; the most headroom when absent. */
  readonly from?: string;
  readonly limit: number;
}

export interface IndexedNode<Registration, Load> {
  readonly node: MediaNode<Registration, Load>;
  /** Where it stands in the order (position.ts). It may be behind by a moment; the node's figures count. */
  readonly position: string;
}

/** Part of a node's capacity that is kept for a meeting until a report shows what the meeting takes. */
export interface Reservation {
  readonly nodeId: string;
  readonly registrationId: string;
  readonly reservationId: string;
  readonly units: number;
  readonly atMs: EpochMs;
}

/** Nodes of one kind. All methods reject with ApiError (503) while the store is away. */
export interface NodeStore<Registration, Load> {
  /** Puts the node in, or in place of what was there: nothing of it stays but an operator's drain (ledger GC-1). */
  register(
    node: Pick<MediaNode<Registration, Load>, 'id' | 'registrationId' | 'registration'>,
    atMs: EpochMs,
  ): Promise<HealthChange>;
  /** What the report changed: nothing when it is not newer than the last; undefined when the node is not registered. */
  report(id: string, report: NodeReport<Load>): Promise<HealthChange | undefined>;
  /** Drains a node or takes that back. Undefined when it is not registered. */
  drain(id: string, drained: boolean): Promise<HealthChange | undefined>;
  /** Marks a node unhealthy unless it was heard of since this was read. False when it was. */
  markSilent(node: MediaNode<Registration, Load>): Promise<boolean>;
  get(id: string): Promise<MediaNode<Registration, Load> | undefined>;
  /** Nodes in order, the most headroom first. */
  list(query: NodeQuery): Promise<readonly IndexedNode<Registration, Load>[]>;
  /** Keeps capacity of the node as it was read. False when it has none left, or may not be given meetings. */
  reserve(node: MediaNode<Registration, Load>, reservation: Reservation): Promise<boolean>;
  /** Gives it back. No effect when a report has accounted for it, or when it was given back before. */
  release(reservation: Reservation): Promise<void>;
}
