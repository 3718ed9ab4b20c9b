// Tells meeting controllers which of their routers and transports are gone (ledger SFU-9). Each is told until it has heard,
// for a bounded time: a controller that cannot be reached finds out by its next request, which is answered with NOT_FOUND.
import {
  type ControllerAddress,
  MAX_BATCH,
  type RoutersLost,
  type TransportsLost,
} from '../../shared/api/handler.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Secret } from '../../shared/base/secret.ts';
import type { PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { postToController } from './postToController.ts';

const BACKOFF: BackoffOptions = { firstMs: 100, maxMs: 2_000 };
/** Clients wait 5 s for another media server; what comes much later is of no use. */
const GIVE_UP_MS = 15_000;
/**
 * Reports of one kind that are being told at once; further ones are dropped. A node has at most 64 workers, so that losses of
 * routers stay under it; those of transports may not while a controller cannot be reached, and then crowd out only their kind.
 */
const MAX_REPORTS_PER_KIND = 256;
/** Answers that no second try changes. */
const isDefinitive = (status: number): boolean => status >= 400 && status < 500 && status !== 429;

export interface LostRouter {
  readonly routerId: string;
  readonly meetingId: string;
  /** Who is told; absent when the request for the router did not say. */
  readonly controller: ControllerAddress | undefined;
}

export interface LostTransport extends LostRouter {
  readonly transportId: string;
}

interface Report {
  readonly path: string;
  readonly body: RoutersLost | TransportsLost;
  /** For the log. */
  readonly count: number;
}

export interface LossReportsOptions {
  readonly handlerId: string;
  readonly client: PinnedClient;
  readonly nodeToken: () => Secret | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
}

export class LossReports {
  readonly #options: LossReportsOptions;
  readonly #stopping = new AbortController();
  /** By path, one for each kind. */
  readonly #underWay = new Map<string, number>();

  constructor(options: LossReportsOptions) {
    this.#options = options;
  }

  /** Starts telling of routers. Never throws. */
  report(lost: readonly LostRouter[], reason: string): void {
    this.#reportBatches(lost, (routers) => ({
      path: controllerPaths.routersLost,
      count: routers.length,
      body: {
        handler_id: this.#options.handlerId,
        routers: routers.map(({ routerId, meetingId }) => ({ router_id: routerId, meeting_id: meetingId })),
        reason: reason.slice(0, 200),
      },
    }));
  }

  /** Starts telling of transports whose sessions have ended by themselves. Never throws. */
  reportTransports(lost: readonly LostTransport[]): void {
    this.#reportBatches(lost, (transports) => ({
      path: controllerPaths.transportsLost,
      count: transports.length,
      body: {
        handler_id: this.#options.handlerId,
        transports: transports.map(({ routerId, meetingId, transportId }) => ({
          router_id: routerId,
          meeting_id: meetingId,
          transport_id: transportId,
        })),
      },
    }));
  }

  #reportBatches<Lost extends LostRouter>(lost: readonly Lost[], toReport: (batch: Lost[]) => Report): void {
    const byController = Map.groupBy(lost, ({ controller }) => controller?.internal_url);
    for (const ofOne of byController.values()) {
      // The latest request knows the controller's certificates best.
      const controller = ofOne.at(-1)?.controller;
      if (controller === undefined) continue;
      for (let at = 0; at < ofOne.length; at += MAX_BATCH)
        void this.#tell(controller, toReport(ofOne.slice(at, at + MAX_BATCH)));
    }
  }

  /** Tells nothing any more. */
  stop(): void {
    this.#stopping.abort();
  }

  async #tell(controller: ControllerAddress, report: Report): Promise<void> {
    const { clock, log, random } = this.#options;
    const fields = { controller_id: controller.controller_id, path: report.path, lost: report.count };
    if (this.#underWayOf(report) >= MAX_REPORTS_PER_KIND) {
      log.error('Losses are not told: too many reports are under way', fields);
      return;
    }
    this.#underWay.set(report.path, this.#underWayOf(report) + 1);
    const deadlineMs = clock.monotonicMs() + GIVE_UP_MS;
    try {
      for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
        const failure = await this.#post(controller, report);
        if (failure === undefined) return log.info('Losses told', fields);
        const delayMs = backoffDelayMs(attempt, BACKOFF, random);
        if (failure.definitive || clock.monotonicMs() + delayMs > deadlineMs)
          return log.error('Losses could not be told', { ...fields, error: failure.error });
        log.warn('Losses not told yet', { ...fields, error: failure.error });
        await this.#pause(delayMs);
      }
    } finally {
      this.#underWay.set(report.path, this.#underWayOf(report) - 1);
    }
  }

  #underWayOf({ path }: Report): number {
    return this.#underWay.get(path) ?? 0;
  }

  /** What went wrong, when something did. */
  async #post(
    controller: ControllerAddress,
    { path, body }: Report,
  ): Promise<{ readonly error: unknown; readonly definitive: boolean } | undefined> {
    try {
      const status = await postToController(this.#options, controller, path, body);
      if (status >= 200 && status < 300) return undefined;
      return { error: new Error(`The controller answered ${status}`), definitive: isDefinitive(status) };
    } catch (error) {
      return { error, definitive: false };
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopping;
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal.addEventListener('abort', finish);
    });
  }
}
