// Registration and reports of media nodes (ledger GC-1, GC-2, GC-9). Both kinds follow the same rules.
import { ApiError } from '../../shared/api/error.ts';
import type { NodeAnswer } from '../../shared/api/node.ts';
import type { Clock } from '../../shared/base/clock.ts';
import {
  MEDIA_HANDLER_AUDIENCE,
  NODE_TOKEN_LIFETIME_SECONDS,
  signNodeToken,
} from '../../shared/token/nodeToken.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import { type HealthState, nextHealth } from './health.ts';
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

export class Registry<Registration, Load> {
  readonly #options: RegistryOptions<Registration, Load>;

  constructor(options: RegistryOptions<Registration, Load>) {
    this.#options = options;
  }

  async register(id: string, registration: Registration): Promise<NodeAnswer> {
    const { nodes, clock } = this.#options;
    const health = nextHealth(undefined, { type: 'registered', atMs: clock.epochMs() });
    await nodes.register({ id, registrationId: crypto.randomUUID(), registration, health });
    return await this.#answer(id);
  }

  /** @throws ApiError NOT_FOUND when the node is not registered: it then registers again */
  async report(id: string, state: HealthState, load: Partial<Load>): Promise<NodeAnswer> {
    const { nodes, clock, kind } = this.#options;
    const health = nextHealth(undefined, { type: 'reported', state, atMs: clock.epochMs() });
    if (!(await nodes.report(id, health, load)))
      throw new ApiError('NOT_FOUND', `No ${kind} "${id}" is registered: register again, then report`);
    return await this.#answer(id);
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
