// Machine clients of the built-in issuer, from the configuration.
import type { Scope } from '../../shared/api/auth.ts';
import { Secret } from '../../shared/base/secret.ts';

export interface ApiClient {
  readonly clientId: string;
  /**
   * SHA-256 of the secret, 64 hexadecimal digits. A plain hash is enough since secrets are made by machines, from at least
   * 128 random bits: nobody guesses one, with however fast a hash; and a slow hash (scrypt) would let anyone keep the
   * token route busy.
   */
  readonly secretSha256: string;
  readonly orgId: string;
  readonly scopes: readonly Scope[];
  readonly tokenLifetimeSeconds: number;
}

/** Compared with where the client is not known, so that the time taken does not tell. */
const NOBODY: ApiClient = {
  clientId: '',
  secretSha256: '0'.repeat(64),
  orgId: '',
  scopes: [],
  tokenLifetimeSeconds: 0,
};

export class ApiClients {
  readonly #clients: ReadonlyMap<string, ApiClient>;

  constructor(clients: readonly ApiClient[]) {
    this.#clients = new Map(clients.map((client) => [client.clientId, client]));
  }

  /** The client of this id and secret; undefined where there is none, whichever of the two is wrong. */
  async authenticate(clientId: string, secret: string): Promise<ApiClient | undefined> {
    const client = this.#clients.get(clientId) ?? NOBODY;
    const matches = new Secret(client.secretSha256).equals(await sha256Hex(secret));
    return matches && client !== NOBODY ? client : undefined;
  }
}

export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
