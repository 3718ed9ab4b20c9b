// What the control plane knows of a node: what it registered (replaced as a whole, ledger GC-1), its health, the figures
// of its reports, which are absent and not zero before the first one, and what it was given since.
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
  /** Units of its capacity that were reserved and are not in its figures yet; absent is none. */
  readonly reserved?: number;
}

export type HandlerLoad = Omit<MediaHandlerLoadReport, 'handler_id' | 'health' | 'sent_at_ms'>;
export type MediaHandler = MediaNode<RegisterMediaHandler, HandlerLoad>;

export type ControllerLoad = Required<Omit<Heartbeat, 'controller_id' | 'health' | 'sent_at_ms'>>;
export type MeetingController = MediaNode<RegisterMeetingController, ControllerLoad>;
