// How route descriptions say which credential a route takes.
import type { MiddlewareHandler } from 'hono';
import type { Scope } from '../../shared/api/auth.ts';
import type { AppEnv } from './AppEnv.ts';
import { requireScope } from './requireAccess.ts';

export type SecurityRequirement = Record<string, string[]>;

/** Tokens of a trusted issuer, or of the built-in one. */
export function tokensWith(scope: Scope): SecurityRequirement[] {
  return [{ userToken: [scope] }, { clientCredentials: [scope] }];
}

/** For a route's description: `createRoute({ ...withScope('meetings:read'), method: 'get', ... })`. */
export function withScope(scope: Scope): {
  readonly security: SecurityRequirement[];
  readonly middleware: MiddlewareHandler<AppEnv>;
} {
  return { security: tokensWith(scope), middleware: requireScope(scope) };
}
