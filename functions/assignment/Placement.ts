// Where a meeting may be served: nodes of both kinds, with capacity kept for it on those that will carry it.
import type { Clock } from '../../shared/base/clock.ts';
import type { Result } from '../../shared/base/result.ts';
import type { Random } from '../base/random.ts';
import { controllerCapacity, handlerCapacity } from '../registry/capacity.ts';
import type { ControllerLoad, HandlerLoad, MediaHandler, MeetingController } from '../registry/MediaNode.ts';
import type { NodeStore } from '../registry/NodeStore.ts';
import { NodePlacement, type Placed } from './NodePlacement.ts';
import type { Shortage } from './select.ts';

/**
 * All methods reject with ApiError (503) while the store is away. What is reserved counts until the node's next report
 * with figures; a meeting that is not assigned in the end gives it back with release, or lets it expire with that report.
 */
export interface Placement {
  /** The primary, with streams reserved on it, and a backup in another zone where one has capacity (ledger GC-5). */
  reserveHandlers(exclude?: ReadonlySet<string>): Promise<Result<Placed<MediaHandler>, Shortage>>;
  /** A backup for a handler that serves already, with nothing reserved on it; undefined when there is no other. */
  findBackup(primary: MediaHandler, exclude?: ReadonlySet<string>): Promise<MediaHandler | undefined>;
  /**
   * A controller, with one meeting reserved on it (ledger GC-4). Among those with about as much room one of the zone that
   * is preferred: near the meeting's primary handler there are fewer ways between the two, and fewer meetings that the loss
   * of a zone takes (ledger GC-5).
   */
  reserveController(
    exclude?: ReadonlySet<string>,
    preferredZone?: string,
  ): Promise<Result<Placed<MeetingController>, Shortage>>;
  releaseHandlers(placed: Placed<MediaHandler>): Promise<void>;
  releaseController(placed: Placed<MeetingController>): Promise<void>;
}

export interface PlacementOptions {
  readonly region: string;
  readonly stores: {
    readonly handlers: NodeStore<MediaHandler['registration'], HandlerLoad>;
    readonly controllers: NodeStore<MeetingController['registration'], ControllerLoad>;
  };
  readonly clock: Clock;
  readonly random: Random;
}

export function createPlacement({ region, stores, clock, random }: PlacementOptions): Placement {
  const common = { region, clock, random };
  const handlers = new NodePlacement({ ...common, nodes: stores.handlers, capacity: handlerCapacity });
  const controllers = new NodePlacement({
    ...common,
    nodes: stores.controllers,
    capacity: controllerCapacity,
  });
  return {
    reserveHandlers: (exclude) => handlers.place({ exclude, withBackup: true }),
    findBackup: (primary, exclude) => handlers.findBackup(primary, { exclude }),
    reserveController: (exclude, preferredZone) => controllers.place({ exclude, preferredZone }),
    releaseHandlers: ({ reservation }) => handlers.release(reservation),
    releaseController: ({ reservation }) => controllers.release(reservation),
  };
}
