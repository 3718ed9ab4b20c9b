// The meeting's router (ledger SFU-2): made by the first who needs it, on the first of the ranked handlers that can
// (MC-11), shared by everyone, closed when the last is gone. When none of them can, others are asked for (GC-11). Router
// states: idle, opening, open; a router that is being closed is out of the state already, but its handler is not asked for
// another one before that is done (it would answer the one that is going away).
import { ApiError } from '../../shared/api/error.ts';
import { MAX_BATCH, type TransportBody } from '../../shared/api/handler.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import { Batcher } from './Batcher.ts';
import {
  isFull,
  isGone,
  isUnanswered,
  type MediaHandler,
  type MediaPlane,
  type RouterAddress,
  type TransportRequest,
} from './MediaPlane.ts';

/** Times that other handlers are asked for to make one router. */
const MAX_REPLACEMENTS = 2;

/** What a router is made from; read anew each time one is made, so that a new assignment takes effect. */
export interface RouterPlan {
  readonly meetingId: string;
  readonly generation: number;
  /** In the order in which they are tried. */
  readonly handlers: readonly MediaHandler[];
}

export interface MeetingRouterOptions {
  readonly plane: MediaPlane;
  readonly plan: () => RouterPlan;
  /** Puts others than these into the plan, given with how they failed; false when there are none. Never rejects. */
  readonly replaceHandlers: (failures: ReadonlyMap<string, unknown>) => Promise<boolean>;
  /** A handler has a router of a later generation: this controller no longer speaks for the meeting (ledger MC-8). */
  readonly onSuperseded: () => void;
  readonly log: Logger;
  readonly tasks: BackgroundTasks;
  /** The handler no longer has this router: what is linked to it is dead. Called once for each. */
  readonly onLost: (router: RouterAddress) => void;
  /** The router was given back by `abandon`: the same is true of it. */
  readonly onAbandoned: (router: RouterAddress) => void;
}

/** A participant's transport at a handler. */
export interface MediaLink {
  readonly router: RouterAddress;
  readonly transport: TransportBody;
  /** The transport is gone, with the router or alone. */
  readonly lost: boolean;
  /** The transport is gone at the handler: there is nothing to close there any more. */
  lose(): void;
  /** Closes the transport, and the router when nobody else uses it. Idempotent, never rejects. */
  close(): Promise<void>;
}

class Router implements RouterAddress {
  readonly handler: MediaHandler;
  readonly routerId: string;
  readonly transports: Batcher<TransportRequest, TransportBody>;
  /** Participants with a transport here, and those who are getting one. */
  users = 0;
  /** Those of them who have one. */
  linked = 0;
  lost = false;

  constructor(handler: MediaHandler, routerId: string, plane: MediaPlane) {
    this.handler = handler;
    this.routerId = routerId;
    this.transports = new Batcher(MAX_BATCH, (requests) => plane.createTransports(this, requests));
  }
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'opening'; readonly opened: Promise<void> }
  | { readonly name: 'open'; readonly router: Router };

export class MeetingRouter {
  readonly #options: MeetingRouterOptions;
  /** Handlers that failed since the meeting last had no router in use, with how. */
  readonly #failures = new Map<string, unknown>();
  readonly #closing = new Map<string, Promise<void>>();
  #state: State = { name: 'idle' };
  #waiting = 0;
  /** Users of all routers, those that are out of the state included. */
  #users = 0;
  /** Handler that lost the router before: it is tried first, since its other workers may serve. */
  #preferred: string | undefined;

  constructor(options: MeetingRouterOptions) {
    this.#options = options;
  }

  /** The router in use now. */
  get address(): RouterAddress | undefined {
    return this.#state.name === 'open' ? this.#state.router : undefined;
  }

  /** Whether there is no router, none to come, and none that is still being closed. */
  get isIdle(): boolean {
    return (
      this.#state.name === 'idle' && this.#waiting === 0 && this.#users === 0 && this.#closing.size === 0
    );
  }

  /**
   * Makes a transport, and the router for it when there is none. Where nobody is linked yet, a handler that fails is
   * replaced by the next of the plan; where somebody is, the meeting stays.
   * Rejects with an ApiError: CAPACITY_EXCEEDED when every handler tried was full.
   */
  async connect(request: TransportRequest, signal: { readonly aborted: boolean }): Promise<MediaLink> {
    for (let tries = this.#options.plan().handlers.length + 1; ; tries--) {
      const router = await this.#acquire();
      try {
        const transport = await router.transports.add(request);
        router.linked += 1;
        return this.#link(router, transport);
      } catch (error) {
        const replaced = this.#failed(router, error);
        this.#release(router);
        if (!replaced || tries <= 1 || signal.aborted) throw error;
      }
    }
  }

  /** A handler says that it has lost a router. False when that is not the one in use. */
  lose(routerId: string, handlerId: string): boolean {
    if (this.#state.name !== 'open') return false;
    const { router } = this.#state;
    if (router.routerId !== routerId || router.handler.handler_id !== handlerId) return false;
    this.#lose(router, 'Its media handler says so');
    return true;
  }

  /** A handler is dead, or cannot be reached: if the router in use is there, the next one is made at another handler. */
  loseHandler(handlerId: string, error: unknown): void {
    if (this.#state.name !== 'open' || this.#state.router.handler.handler_id !== handlerId) return;
    const { router } = this.#state;
    this.#lose(router, 'Its media handler does not answer');
    this.#preferred = undefined;
    this.#failures.set(handlerId, error);
    // It may be the way to it that is broken.
    this.#beginClose(router);
  }

  /** Whether a link's router is gone; its handler is asked when that is not known. Never rejects. */
  async isLost({ router, lost }: MediaLink): Promise<boolean> {
    if (lost) return true;
    if (this.#state.name !== 'open' || this.#state.router !== router) return false;
    const asked = this.#state.router;
    try {
      if (await this.#options.plane.hasRouter(asked)) return false;
    } catch {
      // The handler does not answer, so that nothing is known.
      return false;
    }
    this.#lose(asked, 'Its media handler does not know it');
    return true;
  }

  /**
   * Gives the router in use back, since its handler has no room for what the meeting needs: what is linked to it is dead,
   * and the next router is made at another handler where one can. Nothing happens when there is none in use.
   */
  abandon(error: unknown): void {
    if (this.#state.name !== 'open') return;
    const { router } = this.#state;
    const { log, onAbandoned } = this.#options;
    const handlerId = router.handler.handler_id;
    log.warn('Router given back', { handler_id: handlerId, router_id: router.routerId, error });
    router.lost = true;
    this.#state = { name: 'idle' };
    this.#failures.set(handlerId, error);
    this.#beginClose(router);
    onAbandoned(router);
  }

  async #acquire(): Promise<Router> {
    this.#waiting += 1;
    try {
      for (;;) {
        if (this.#state.name === 'open') {
          this.#state.router.users += 1;
          this.#users += 1;
          return this.#state.router;
        }
        if (this.#state.name === 'idle') this.#state = { name: 'opening', opened: this.#open() };
        await this.#state.opened;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  async #open(): Promise<void> {
    for (let round = 0; !(await this.#openAtRanked()); round++) {
      const isReplaced = round < MAX_REPLACEMENTS && (await this.#options.replaceHandlers(this.#failures));
      if (isReplaced) continue;
      const failure = summarise(this.#failures);
      this.#failures.clear();
      this.#state = { name: 'idle' };
      throw failure;
    }
    this.#replaceLost();
  }

  /** The meeting has moved on to its backup: it needs another one, where what it had is no use any more. */
  #replaceLost(): void {
    const { plan, replaceHandlers, tasks } = this.#options;
    const ranked = new Set(plan().handlers.map(({ handler_id }) => handler_id));
    const lost = [...this.#failures].filter(
      ([handlerId, error]) => ranked.has(handlerId) && (isUnanswered(error) || isFull(error)),
    );
    if (lost.length === 0) return;
    const replaced = replaceHandlers(new Map(lost)).then(() => undefined);
    tasks.add('replace media handlers', replaced);
  }

  /** False when none of the ranked handlers makes a router. */
  async #openAtRanked(): Promise<boolean> {
    const { plane, plan, log, onSuperseded } = this.#options;
    const { meetingId, generation, handlers } = plan();
    const isPreferred = (handler: MediaHandler): number => Number(handler.handler_id === this.#preferred);
    for (const handler of handlers.toSorted((a, b) => isPreferred(b) - isPreferred(a))) {
      const handlerId = handler.handler_id;
      if (this.#failures.has(handlerId)) continue;
      await this.#closing.get(handlerId);
      try {
        const routerId = await plane.createRouter(handler, meetingId, generation);
        this.#state = { name: 'open', router: new Router(handler, routerId, plane) };
        this.#preferred = undefined;
        log.info('Router made', { handler_id: handlerId, router_id: routerId });
        return true;
      } catch (error) {
        this.#failures.set(handlerId, error);
        log.warn('Router refused, trying the next media handler', { handler_id: handlerId, error });
        if (isOutdated(error)) onSuperseded();
      }
    }
    return false;
  }

  /** Whether another try may find another router. */
  #failed(router: Router, error: unknown): boolean {
    if (this.#state.name !== 'open' || this.#state.router !== router) return true;
    const { log } = this.#options;
    if (isGone(error)) {
      this.#lose(router, 'Its media handler does not know it');
      return true;
    }
    log.warn('Transport refused', {
      handler_id: router.handler.handler_id,
      router_id: router.routerId,
      error,
    });
    if (router.linked > 0) return false;
    this.#failures.set(router.handler.handler_id, error);
    this.#state = { name: 'idle' };
    return true;
  }

  /** Idempotent. Which handlers can is asked anew: what failed in a router's life may be long over. */
  #lose(router: Router, reason: string): void {
    if (router.lost) return;
    const { log, onLost } = this.#options;
    log.warn('Router lost', {
      handler_id: router.handler.handler_id,
      router_id: router.routerId,
      reason,
      participants: router.linked,
    });
    router.lost = true;
    if (this.#state.name === 'open' && this.#state.router === router) {
      this.#state = { name: 'idle' };
      this.#failures.clear();
      this.#preferred = router.handler.handler_id;
    }
    onLost(router);
  }

  #link(router: Router, transport: TransportBody): MediaLink {
    let open = true;
    let gone = false;
    const close = async (): Promise<void> => {
      if (!open) return;
      open = false;
      const { plane, log } = this.#options;
      try {
        if (!router.lost && !gone) await plane.closeTransport(router, transport.transport_id);
      } catch (error) {
        // Not tried again: a handler that is gone took it along, and the router's end takes the rest.
        if (!isGone(error)) log.warn('Transport not closed', { transport_id: transport.transport_id, error });
      }
      router.linked -= 1;
      this.#release(router);
    };
    return {
      router,
      transport,
      get lost() {
        return router.lost || gone;
      },
      lose: () => {
        gone = true;
      },
      close,
    };
  }

  #release(router: Router): void {
    router.users -= 1;
    this.#users -= 1;
    if (router.users > 0) return;
    if (this.#state.name === 'open' && this.#state.router === router) {
      if (this.#waiting > 0) return;
      this.#state = { name: 'idle' };
      this.#failures.clear();
    }
    if (!router.lost) this.#beginClose(router);
  }

  #beginClose(router: Router): void {
    const handlerId = router.handler.handler_id;
    const closed = this.#close(router).finally(() => {
      if (this.#closing.get(handlerId) === closed) this.#closing.delete(handlerId);
    });
    this.#closing.set(handlerId, closed);
    this.#options.tasks.add('close router', closed);
  }

  async #close(router: Router): Promise<void> {
    const fields = { handler_id: router.handler.handler_id, router_id: router.routerId };
    try {
      await this.#options.plane.closeRouter(router);
      this.#options.log.info('Router closed', fields);
    } catch (error) {
      if (!isGone(error)) this.#options.log.warn('Router not closed', { ...fields, error });
    }
  }
}

/** Whether the handler serves a later generation of the meeting. */
function isOutdated(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CONFLICT';
}

function summarise(failures: ReadonlyMap<string, unknown>): ApiError {
  const errors = [...failures.values()];
  return new ApiError(
    errors.every(isFull) ? 'CAPACITY_EXCEEDED' : 'INTERNAL_ERROR',
    `None of ${failures.size} media handlers could make a router`,
    { cause: errors.at(-1) },
  );
}
