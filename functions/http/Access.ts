// Who may call, and for whom: a seam. Today everyone (local) or the holder of a key; user tokens and scopes (ledger
// GC-15) are further implementations.
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';

export interface Caller {
  /** Meetings belong to an organisation; a caller sees those of its own. */
  readonly orgId: string;
  /** Who it is, for logs. */
  readonly subject: string;
}

export interface Access {
  /** The caller, or why it is none: a sentence for the caller. */
  identify(request: Request): Promise<Result<Caller>>;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Lets everyone in as `caller`: for a system that only its own machine reaches. */
export function openAccess(caller: Caller): Access {
  return { identify: async () => ok(caller) };
}

/** Lets in who shows the key as a bearer token (RFC 6750). */
export function bearerAccess(key: Secret, caller: Caller): Access {
  return {
    async identify(request) {
      const header = request.headers.get('authorization');
      if (header === null) return err('Authorization is missing: send "Authorization: Bearer <key>"');
      const [, token] = BEARER.exec(header) ?? [];
      if (token === undefined) return err('Authorization must be of the form "Bearer <key>"');
      return key.equals(token) ? ok(caller) : err('Key is not valid');
    },
  };
}
