// Health of a media node (ledger GC-3, GC-9): one union, one transition function, time-driven moves made at read time.
import type { EpochMs } from '../../shared/base/clock.ts';

/** A node that has been silent for this long is unhealthy. */
export const SILENCE_LIMIT_MS = 30_000;

/** `atMs` is when the node was last heard of. Only a report ends PENDING: registering says nothing about load. */
export type NodeHealth =
  | { readonly state: 'PENDING'; readonly atMs: EpochMs }
  | { readonly state: 'HEALTHY'; readonly atMs: EpochMs }
  | { readonly state: 'DEGRADED'; readonly atMs: EpochMs }
  | { readonly state: 'DRAINING'; readonly atMs: EpochMs }
  | { readonly state: 'UNHEALTHY'; readonly atMs: EpochMs };
export type HealthState = NodeHealth['state'];

export type HealthEvent =
  | { readonly type: 'registered'; readonly atMs: EpochMs }
  | { readonly type: 'reported'; readonly state: HealthState; readonly atMs: EpochMs }
  | { readonly type: 'time_passed'; readonly atMs: EpochMs };

/** The health after an event. `current` is undefined where the event decides alone and nothing was read before. */
export function nextHealth(current: NodeHealth | undefined, event: HealthEvent): NodeHealth {
  switch (event.type) {
    case 'registered':
      return { state: 'PENDING', atMs: event.atMs };
    case 'reported':
      return { state: event.state, atMs: event.atMs };
    case 'time_passed':
      if (current === undefined) return { state: 'UNHEALTHY', atMs: event.atMs };
      return event.atMs - current.atMs >= SILENCE_LIMIT_MS
        ? { state: 'UNHEALTHY', atMs: current.atMs }
        : current;
  }
}

/** The health as it is now, whatever was stored. */
export function healthAt(stored: NodeHealth, nowMs: EpochMs): HealthState {
  return nextHealth(stored, { type: 'time_passed', atMs: nowMs }).state;
}
