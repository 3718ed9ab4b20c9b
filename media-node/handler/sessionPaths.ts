import type { HandlerStats } from '../ipc/protocol.ts';
import { Histogram } from '../metrics/Histogram.ts';
import { quantilesOf } from '../metrics/quantiles.ts';
import type { PathReport } from '../quality/PathReport.ts';

/** Losses are kept in millionths: the histogram tells nothing at all as a thousandth of its unit. */
const LOSS_PER_UNIT = 1_000_000;

/** What is looked at of a router. */
export interface RouterPaths {
  readonly transports: Iterable<{ readonly path?: PathReport | undefined }>;
}

/** How the paths of a worker's sessions are now, over all of them (ledger MH-8). Made when asked for. */
export function sessionPaths(
  routers: Iterable<RouterPaths>,
): Pick<HandlerStats, 'session_round_trip_ms' | 'session_loss_ratio'> {
  const roundTrips = new Histogram();
  const losses = new Histogram();
  for (const router of routers)
    for (const { path } of router.transports) {
      if (path?.roundTripMs !== undefined) roundTrips.record(path.roundTripMs);
      if (path?.lossRatio !== undefined) losses.record(path.lossRatio * LOSS_PER_UNIT);
    }
  const roundTrip = quantilesOf(roundTrips);
  const loss = quantilesOf(losses, LOSS_PER_UNIT);
  return {
    ...(roundTrip && { session_round_trip_ms: roundTrip }),
    ...(loss && { session_loss_ratio: loss }),
  };
}
