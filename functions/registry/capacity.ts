// How full a node is (ledger GC-4), in units of its own capacity: streams of a handler, meetings of a controller.
import type { ControllerLoad, HandlerLoad, MediaHandler, MediaNode, MeetingController } from './MediaNode.ts';

export interface CapacityRule<Registration, Load> {
  /** Units that the node has. */
  readonly capacity: (registration: Registration) => number;
  /** Units in use by the worst of its figures; undefined before the first report. */
  readonly used: (registration: Registration, load: Partial<Load>) => number | undefined;
  /** Units that one meeting reserves until a report shows what it really takes. */
  readonly unitsPerMeeting: number;
  /** How long after its reservation a meeting may still be missing in the figures, ms. */
  readonly settleMs: number;
}

/** Two participants who hear and see each other; a stream is one that goes out to one participant. */
const STREAMS_PER_MEETING = 4;
/** From the answer to the join until streams flow, and how far a node's clock may be off. */
const STREAMS_SETTLE_MS = 5_000;

/** The worst of streams, CPU and bandwidth against their limits. */
export const handlerCapacity: CapacityRule<MediaHandler['registration'], HandlerLoad> = {
  capacity: ({ capacity }) => capacity.max_streams,
  used({ capacity: { max_streams, max_bandwidth_bps } }, load) {
    if (load.streams === undefined) return undefined;
    const bandwidthBps = Math.max(load.bandwidth_in_bps ?? 0, load.bandwidth_out_bps ?? 0);
    return Math.max(
      load.streams,
      (load.cpu_ratio ?? 0) * max_streams,
      (bandwidthBps / max_bandwidth_bps) * max_streams,
    );
  },
  unitsPerMeeting: STREAMS_PER_MEETING,
  settleMs: STREAMS_SETTLE_MS,
};

/** The worse of meetings against their limit and CPU. A controller counts a meeting from when it accepts it. */
export const controllerCapacity: CapacityRule<MeetingController['registration'], ControllerLoad> = {
  capacity: ({ max_meetings }) => max_meetings,
  used({ max_meetings }, load) {
    if (load.meetings === undefined) return undefined;
    return Math.max(load.meetings, (load.cpu_ratio ?? 0) * max_meetings);
  },
  unitsPerMeeting: 1,
  settleMs: 0,
};

/** Units that a meeting reserves on this node: no more than it has, so that a small idle one can take one meeting. */
export function unitsNeeded<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  registration: Registration,
): number {
  return Math.min(rule.unitsPerMeeting, rule.capacity(registration));
}

/** Units that are neither in use nor reserved: below zero when over-full, undefined before the first report. */
export function freeUnits<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  { registration, load, reserved = 0 }: MediaNode<Registration, Load>,
): number | undefined {
  const used = rule.used(registration, load);
  return used === undefined ? undefined : rule.capacity(registration) - used - reserved;
}

/** Free part of the capacity, 1 when idle; undefined before the first report. */
export function headroomOf<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  node: MediaNode<Registration, Load>,
): number | undefined {
  const free = freeUnits(rule, node);
  return free === undefined ? undefined : Math.max(0, free) / rule.capacity(node.registration);
}
