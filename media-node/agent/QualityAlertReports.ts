// Tells meeting controllers what became of participants' paths (ledger MH-5). One report a controller is under way at a time;
// what comes meanwhile goes with the next, the latest word of each participant. Nothing is told twice: what could not be told
// is soon out of date.
import {
  type ControllerAddress,
  MAX_BATCH,
  type QualityAlert,
  type QualityAlerts,
} from '../../shared/api/handler.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Secret } from '../../shared/base/secret.ts';
import type { PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { postToController } from './postToController.ts';

/** Participants whose alerts wait for one controller; further ones are dropped. */
export const MAX_WAITING_ALERTS = 1_024;

export interface QualityAlertReportsOptions {
  readonly handlerId: string;
  readonly client: PinnedClient;
  readonly nodeToken: () => Secret | undefined;
  /** Who is told of this router; undefined when the request for the router did not say, or it is gone. */
  readonly controllerOf: (routerId: string) => ControllerAddress | undefined;
  readonly log: Logger;
}

interface Waiting {
  controller: ControllerAddress;
  /** By router and participant. */
  readonly alerts: Map<string, QualityAlert>;
  isTelling: boolean;
}

export class QualityAlertReports {
  readonly #options: QualityAlertReportsOptions;
  readonly #byController = new Map<string, Waiting>();

  constructor(options: QualityAlertReportsOptions) {
    this.#options = options;
  }

  /** Starts telling. Never throws. */
  report(alert: QualityAlert): void {
    const controller = this.#options.controllerOf(alert.router_id);
    if (controller === undefined) return;
    const url = controller.internal_url;
    const waiting = this.#byController.get(url) ?? { controller, alerts: new Map(), isTelling: false };
    this.#byController.set(url, waiting);
    waiting.controller = controller;
    const key = `${alert.router_id} ${alert.participant_id}`;
    if (waiting.alerts.size >= MAX_WAITING_ALERTS && !waiting.alerts.has(key)) return;
    waiting.alerts.set(key, alert);
    if (!waiting.isTelling) void this.#tell(url, waiting);
  }

  async #tell(url: string, waiting: Waiting): Promise<void> {
    waiting.isTelling = true;
    while (waiting.alerts.size > 0) {
      const batch = [...waiting.alerts].slice(0, MAX_BATCH);
      for (const [key] of batch) waiting.alerts.delete(key);
      await this.#post(waiting.controller, {
        handler_id: this.#options.handlerId,
        alerts: batch.map(([, alert]) => alert),
      });
    }
    this.#byController.delete(url);
  }

  async #post(controller: ControllerAddress, body: QualityAlerts): Promise<void> {
    const { log } = this.#options;
    const fields = { controller_id: controller.controller_id, alerts: body.alerts.length };
    try {
      const status = await postToController(this.#options, controller, controllerPaths.qualityAlerts, body);
      if (status < 200 || status >= 300) log.warn('Quality alerts refused', { ...fields, status });
    } catch (error) {
      log.warn('Quality alerts not told', { ...fields, error });
    }
  }
}
