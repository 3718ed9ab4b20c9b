// Health of a media node (ledger GC-3, GC-9): one union, one transition function, time-driven moves made at read time.
import type { EpochMs } from '../../shared/base/clock.ts';

/** A node that has been silent for this long is unhealthy. */
export const SILENCE_LIMIT_MS = 30_000;

interface Facts {
  /** When the node was last heard of, by our clock. */
  readonly atMs: EpochMs;
  /** An operator drains the node: whatever it says of itself, it takes no meetings until that is taken back. */
  readonly drained?: boolean;
}

/** Only a report ends PENDING: registering says nothing about load. */
export type NodeHealth =
  | ({ readonly state: 'PENDING' } & Facts)
  | ({ readonly state: 'HEALTHY' } & Facts)
  | ({ readonly state: 'DEGRADED' } & Facts)
  | ({ readonly state: 'DRAINING' } & Facts)
  | ({ readonly state: 'UNHEALTHY' } & Facts);
export type HealthState = NodeHealth['state'];

/**
 * Who may move a node where: the node itself anywhere by its reports, but not out of an operator's drain; an operator
 * into DRAINING, and out of it to PENDING; silence to UNHEALTHY; registering anew to PENDING, which keeps the drain.
 */
export type HealthEvent =
  | { readonly type: 'registered'; readonly atMs: EpochMs }
  | { readonly type: 'reported'; readonly state: HealthState; readonly atMs: EpochMs }
  | { readonly type: 'drained' }
  | { readonly type: 'undrained' }
  | { readonly type: 'time_passed'; readonly atMs: EpochMs };

/** The health after an event. `current` is undefined for a node that was not known. */
export function nextHealth(current: NodeHealth | undefined, event: HealthEvent): NodeHealth {
  const drained = current?.drained === true;
  switch (event.type) {
    case 'registered':
      return { state: 'PENDING', atMs: event.atMs, ...(drained && { drained }) };
    case 'reported':
      return drained
        ? { state: event.state === 'UNHEALTHY' ? 'UNHEALTHY' : 'DRAINING', atMs: event.atMs, drained }
        : { state: event.state, atMs: event.atMs };
    case 'drained': {
      const known = requireKnown(current, event.type);
      const isServing = known.state !== 'PENDING' && known.state !== 'UNHEALTHY';
      return { state: isServing ? 'DRAINING' : known.state, atMs: known.atMs, drained: true };
    }
    case 'undrained': {
      const { state, atMs } = requireKnown(current, event.type);
      // What it would say of itself is not known before its next report.
      return { state: drained && state === 'DRAINING' ? 'PENDING' : state, atMs };
    }
    case 'time_passed': {
      const known = requireKnown(current, event.type);
      return event.atMs - known.atMs >= SILENCE_LIMIT_MS ? { ...known, state: 'UNHEALTHY' } : known;
    }
  }
}

/** The health as it is now, whatever was stored. */
export function healthAt(stored: NodeHealth, nowMs: EpochMs): HealthState {
  return nextHealth(stored, { type: 'time_passed', atMs: nowMs }).state;
}

/** What a node's headroom counts for (ledger GC-5): half where it is degraded, nothing where it takes no meetings. */
export function healthWeight(state: HealthState): number {
  if (state === 'HEALTHY') return 1;
  return state === 'DEGRADED' ? 0.5 : 0;
}

function requireKnown(current: NodeHealth | undefined, event: HealthEvent['type']): NodeHealth {
  if (current === undefined) throw new TypeError(`A node must be registered for the event "${event}"`);
  return current;
}
