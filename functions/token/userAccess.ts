// Puts together who may use the public API: tokens of the configured issuers and of the built-in one.
import type { Scope } from '../../shared/api/auth.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Access } from '../http/Access.ts';
import { builtInIssuer } from './builtInIssuer.ts';
import type { Denylist } from './Denylist.ts';
import { remoteKeySet } from './RemoteKeySet.ts';
import type { SigningKeys } from './SigningKeys.ts';
import { type OrgSource, tokenAccess } from './tokenAccess.ts';

export interface IssuerConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly org: OrgSource;
  readonly scopes: readonly Scope[];
}

export interface UserAccessOptions {
  readonly issuers: readonly IssuerConfig[];
  readonly signingKeys: SigningKeys;
  readonly denylist: Denylist;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

export function userAccess({ issuers, signingKeys, denylist, fetch, clock, log }: UserAccessOptions): Access {
  return tokenAccess({
    issuers: [
      builtInIssuer(signingKeys),
      ...issuers.map(({ issuer, audience, jwksUrl, org, scopes }) => ({
        issuer,
        audience,
        org,
        scopes,
        keys: remoteKeySet({ url: jwksUrl, fetch, clock, log }),
      })),
    ],
    denylist,
    clock,
  });
}
