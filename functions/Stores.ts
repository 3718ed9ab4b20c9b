import type { SupersededStore } from './assignment/SupersededStore.ts';
import type { UnreachableStore } from './assignment/UnreachableStore.ts';
import type { MeetingStore } from './meeting/MeetingStore.ts';
import type { PresenceStore } from './meeting/PresenceStore.ts';
import type { UntoldStore } from './meeting/UntoldStore.ts';
import type { ControllerLoad, HandlerLoad, MediaHandler, MeetingController } from './registry/MediaNode.ts';
import type { NodeStore } from './registry/NodeStore.ts';
import type { AccessStores } from './token/AccessStores.ts';

/** Everything that the global controller keeps. */
export interface Stores {
  readonly meetings: MeetingStore;
  readonly presence: PresenceStore;
  readonly unreachable: UnreachableStore;
  readonly superseded: SupersededStore;
  readonly untold: UntoldStore;
  readonly access: AccessStores;
  readonly handlers: NodeStore<MediaHandler['registration'], HandlerLoad>;
  readonly controllers: NodeStore<MeetingController['registration'], ControllerLoad>;
}
