// Registration and reports of media nodes (ledger GC-1, GC-2, GC-9). Both kinds follow the same rules.
import { ApiError } from '../../shared/api/error.ts';
import type { NodeAnswer, NodeHealthBody } from '../../shared/api/node.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import {
  MEDIA_HANDLER_AUDIENCE,
  NODE_TOKEN_LIFETIME_SECONDS,
  signNodeToken,
} from '../../shared/token/nodeToken.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import { type HealthState, healthAt } from './health.ts';
import { logHealthChange } from './healthLog.ts';
import type { NodeStore } from './NodeStore.ts';

/** How often nodes report: three reports fit into the silence after which a node is unhealthy. */
export const REPORT_INTERVAL_MS = 10_000;

export interface RegistryOptions<Registration, Load> {
  /** What the nodes are called in messages: "media handler". */
  readonly kind: string;
  readonly nodes: NodeStore<Registration, Load>;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
}

/** What a node says of itself. */
export interface Report<Load> {
  readonly state: HealthState;
  readonly load: Partial<Load>;
  readonly sentAtMs?: EpochMs | undefined;
}

export class Registry<Registration, Load> {
  readonly #options: RegistryOptions<Registration, Load>;

  constructor(options: RegistryOptions<Registration, Load>) {
    this.#options = options;
  }

  async register(id: string, registration: Registration, log: Logger): Promise<NodeAnswer> {
    const { nodes, clock, kind } = this.#options;
    const node = { id, registrationId: crypto.randomUUID(), registration };
    logHealthChange(log, { kind, id, reason: 'registered' }, await nodes.register(node, clock.epochMs()));
    return await this.#answer(id);
  }

  /** @throws ApiError NOT_FOUND when the node is not registered: it then registers again */
  async report(id: string, report: Report<Load>, log: Logger): Promise<NodeAnswer> {
    const { nodes, clock, kind } = this.#options;
    const change = await nodes.report(id, { ...report, atMs: clock.epochMs() });
    if (change === undefined)
      throw new ApiError('NOT_FOUND', `No ${kind} "${id}" is registered: register again, then report`);
    logHealthChange(log, { kind, id, reason: 'reported by the node' }, change);
    return await this.#answer(id);
  }

  /**
   * Gives the node no new meetings, whatever it says of itself, until that is taken back; it keeps those that it has.
   * Doing it again has no effect.
   * @throws ApiError NOT_FOUND
   */
  async drain(id: string, drained: boolean, log: Logger): Promise<NodeHealthBody> {
    const { nodes, clock, kind } = this.#options;
    const change = await nodes.drain(id, drained);
    if (change === undefined)
      throw new ApiError('NOT_FOUND', `No ${kind} "${id}" is registered: check the id`);
    const reason = drained ? 'drained by an operator' : 'drain taken back by an operator';
    logHealthChange(log, { kind, id, reason }, change);
    const { after } = change;
    return { node_id: id, health: healthAt(after, clock.epochMs()), drained: after.drained === true };
  }

  async #answer(id: string): Promise<NodeAnswer> {
    const { signingKeys, clock } = this.#options;
    return {
      signing_keys_json: JSON.stringify(signingKeys.publicKeys()),
      node_token: await signNodeToken(signingKeys.current(), {
        subject: id,
        audience: MEDIA_HANDLER_AUDIENCE,
        issuedAtSeconds: Math.floor(clock.epochMs() / 1_000),
        lifetimeSeconds: NODE_TOKEN_LIFETIME_SECONDS,
      }),
      report_interval_ms: REPORT_INTERVAL_MS,
    };
  }
}
