// Whether a controller that a participant cannot reach is found gone from here too (ledger GC-17). A participant's word may
// be of its own network, or bad; with this there is evidence of two kinds, and nobody else has to say so.
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import { REPORT_INTERVAL_MS } from '../registry/Registry.ts';
import type { AssignOptions } from './assign.ts';

/** How late a heartbeat may be, ms: one that is later is missed. */
const HEARTBEAT_DELAY_MS = 2_000;
/** Probes of one controller in a window, by all processes: what is said of it while they are used up is as if it answered. */
export const PROBES_PER_WINDOW = 3;
const PROBE_WINDOW_MS = 5_000;

export interface FoundGoneContext {
  readonly log: Logger;
  readonly trace: TraceContext;
}

/**
 * True where nobody listens at the address that the controller has registered: its machine says so; or where it does not
 * answer and has missed a heartbeat as well. No answer by itself is no evidence: a function that has no way to the
 * addresses of nodes never gets one.
 */
export async function isFoundGone(
  { stores, clock, controllerClient }: AssignOptions,
  controllerId: ControllerId,
  { log, trace }: FoundGoneContext,
): Promise<boolean> {
  const controller = await stores.controllers.get(controllerId);
  const nowMs = clock.epochMs();
  if (controller === undefined) return true;
  const isLate = nowMs - controller.health.atMs >= REPORT_INTERVAL_MS + HEARTBEAT_DELAY_MS;
  const windowEndsAtMs = ((Math.floor(nowMs / PROBE_WINDOW_MS) + 1) * PROBE_WINDOW_MS) as EpochMs;
  const probes = await stores.access.requests.count(JSON.stringify(['probe', controllerId]), windowEndsAtMs);
  if (probes > PROBES_PER_WINDOW) return false;
  const found = await controllerClient.probe(controller, trace);
  log.info('Meeting controller probed', { controller_id: controllerId, found, heartbeat_is_late: isLate });
  return found === 'nobody' || (found === 'silence' && isLate);
}
