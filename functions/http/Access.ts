// Who may call, for whom, and for what: a seam. Everyone (local), the holder of a key, or whoever shows a token of an
// issuer that is trusted (ledger GC-15, functions/token/tokenAccess.ts).
import { ALL_SCOPES, type Scope } from '../../shared/api/auth.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';

export interface Identity {
  /** Meetings belong to an organisation; a caller sees those of its own. */
  readonly orgId: string;
  /** `iss` of its token; absent for holders of a key and for local use. */
  readonly issuer?: string;
  /** Who it is: of a token its `sub`, which is unique for its issuer only (OpenID Connect Core 1.0, 5.7). */
  readonly subject: string;
}

export interface Caller extends Identity {
  /** Whoever calls is this one: the subject tells nobody apart. */
  readonly isAnyone?: boolean;
  readonly scopes: ReadonlySet<Scope>;
}

export interface Access {
  /**
   * The caller, or why it is none: a sentence for the caller.
   * @throws ApiError (503) while that cannot be told, such as without a database
   */
  identify(request: Request): Promise<Result<Caller>>;
}

/** Who it is among callers of all issuers, for what it owns and what is counted of it. Keys' own subjects are no JSON. */
export function principalOf({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): string {
  return issuer === undefined ? subject : JSON.stringify([issuer, subject]);
}

/** A token by itself, as RFC 6750 (2.1) writes it after `Bearer`. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** The token of the Authorization header (RFC 6750), or what is wrong with it. */
export function bearerToken(request: Request): Result<string> {
  const header = request.headers.get('authorization');
  if (header === null) return err('Authorization is missing: send "Authorization: Bearer <token>"');
  const [, token] = BEARER.exec(header) ?? [];
  return token === undefined ? err('Authorization must be of the form "Bearer <token>"') : ok(token);
}

/**
 * Lets everyone in who shows nothing: for a system that only its own machine reaches. Whoever shows a token is who the
 * token says, where tokens are checked.
 */
export function openAccess(identity: Identity, tokens?: Access): Access {
  const caller: Caller = { ...identity, isAnyone: true, scopes: new Set(ALL_SCOPES) };
  return {
    async identify(request) {
      return tokens === undefined || !request.headers.has('authorization')
        ? ok(caller)
        : await tokens.identify(request);
    },
  };
}

/** Lets in who shows the key as a bearer token (RFC 6750). */
export function bearerAccess(key: Secret, identity: Identity, scopes: readonly Scope[] = ALL_SCOPES): Access {
  const caller: Caller = { ...identity, scopes: new Set(scopes) };
  return {
    async identify(request) {
      const token = bearerToken(request);
      if (!token.ok) return token;
      return key.equals(token.value) ? ok(caller) : err('Key is not valid');
    },
  };
}

/** Lets in whom one of them lets in; the last one has the word on why not. */
export function anyAccess(first: Access, ...others: readonly Access[]): Access {
  return {
    async identify(request) {
      let answer = await first.identify(request);
      for (const other of others) {
        if (answer.ok) return answer;
        answer = await other.identify(request);
      }
      return answer;
    },
  };
}
