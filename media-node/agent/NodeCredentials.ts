// What the global controller gives a node with every answer: the keys that sign tokens, and the node's own token.
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../shared/api/error.ts';
import type { NodeAnswer } from '../../shared/api/node.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { Secret } from '../../shared/base/secret.ts';
import { verifyNodeToken } from '../../shared/token/nodeToken.ts';
import { keySetResolver } from '../../shared/token/signingKey.ts';
import type { Authorize } from './internalHttp.ts';

export class NodeCredentials {
  readonly #clock: Clock;
  readonly #onNewKeys: (signingKeysJson: string) => void;
  #keys: JWTVerifyGetKey | undefined;
  #signingKeysJson: string | undefined;
  #nodeToken: Secret | undefined;

  /** onNewKeys is told the keys whenever they changed. */
  constructor(clock: Clock, onNewKeys: (signingKeysJson: string) => void) {
    this.#clock = clock;
    this.#onNewKeys = onNewKeys;
  }

  /** JWK set as JSON text, once a global controller has answered. */
  get signingKeysJson(): string | undefined {
    return this.#signingKeysJson;
  }

  /** Shown to other nodes, once a global controller has answered. */
  get nodeToken(): Secret | undefined {
    return this.#nodeToken;
  }

  /** @throws TypeError or SyntaxError when the answer's keys are not a JWK set; the old ones then stay. */
  update(answer: NodeAnswer): void {
    if (answer.signing_keys_json !== this.#signingKeysJson) {
      this.#keys = keySetResolver(JSON.parse(answer.signing_keys_json) as JSONWebKeySet);
      this.#signingKeysJson = answer.signing_keys_json;
      this.#onNewKeys(answer.signing_keys_json);
    }
    this.#nodeToken = new Secret(answer.node_token);
  }

  /** Lets requests in that show a token for this audience as bearer, and answers who it was made for. */
  authorizer(audience: string): Authorize {
    return async (request) => {
      const token = /^Bearer ([^ ]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      if (token === undefined) throw new ApiError('UNAUTHORIZED', 'A node token is required as bearer');
      if (this.#keys === undefined) {
        throw new ApiError('NO_CAPACITY', 'This node has not registered yet, so it cannot check tokens', {
          retryAfterSeconds: 1,
        });
      }
      const subject = await verifyNodeToken(token, this.#keys, audience, new Date(this.#clock.epochMs()));
      if (!subject.ok) throw new ApiError('UNAUTHORIZED', `Node token refused: ${subject.reason}`);
      return subject.value;
    };
  }
}
