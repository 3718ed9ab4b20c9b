// What the control plane knows of a node: what it registered (replaced as a whole, ledger GC-1), its health, and the
// figures of its reports, which are absent and not zero before the first one.
import type {
  Heartbeat,
  MediaHandlerLoadReport,
  RegisterMediaHandler,
  RegisterMeetingController,
} from '../../shared/api/node.ts';
import type { NodeHealth } from './health.ts';

export interface MediaNode<Registration, Load> {
  readonly id: string;
  /** New with each registration. */
  readonly registrationId: string;
  readonly registration: Registration;
  readonly health: NodeHealth;
  readonly load: Partial<Load>;
}

export type HandlerLoad = Omit<MediaHandlerLoadReport, 'handler_id' | 'health'>;
export type MediaHandler = MediaNode<RegisterMediaHandler, HandlerLoad>;

export type ControllerLoad = Required<Omit<Heartbeat, 'controller_id' | 'health'>>;
export type MeetingController = MediaNode<RegisterMeetingController, ControllerLoad>;

/** The worst of streams, CPU and bandwidth against their limits; 1 is full. Undefined before the first report. */
export function handlerLoadRatio({ registration: { capacity }, load }: MediaHandler): number | undefined {
  if (load.streams === undefined) return undefined;
  const bandwidthBps = Math.max(load.bandwidth_in_bps ?? 0, load.bandwidth_out_bps ?? 0);
  return Math.max(
    load.streams / capacity.max_streams,
    load.cpu_ratio ?? 0,
    bandwidthBps / capacity.max_bandwidth_bps,
  );
}

/** The worse of meetings against their limit and CPU; 1 is full. Undefined before the first full heartbeat. */
export function controllerLoadRatio({ registration, load }: MeetingController): number | undefined {
  if (load.meetings === undefined) return undefined;
  return Math.max(load.meetings / registration.max_meetings, load.cpu_ratio ?? 0);
}
