import type { Context, MiddlewareHandler } from 'hono';
import type { Scope } from '../../shared/api/auth.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { Access } from './Access.ts';
import type { AppEnv } from './AppEnv.ts';

/** Runs the handlers behind it only for a known caller, which they find as `caller`. */
export function requireAccess(access: Access): MiddlewareHandler<AppEnv> {
  return async function requireAccess(context, next) {
    const caller = await access.identify(context.req.raw);
    if (!caller.ok) throw unauthorized(context, caller.reason);
    context.set('caller', caller.value);
    await next();
  };
}

/**
 * Runs the handlers behind it for a known caller, found as `caller`, and for one who shows nothing, who is then a guest:
 * `caller` is undefined. What is shown must be good.
 */
export function admitGuests(access: Access): MiddlewareHandler<AppEnv> {
  return async function admitGuests(context, next) {
    const caller = await access.identify(context.req.raw);
    if (caller.ok) context.set('caller', caller.value);
    else if (context.req.header('authorization') !== undefined) throw unauthorized(context, caller.reason);
    await next();
  };
}

/** Runs the handlers behind it only for callers whose token has the scope (RFC 6750, 3.1). */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async function requireScope(context, next) {
    checkScope(context, scope);
    await next();
  };
}

/** @throws ApiError FORBIDDEN when the caller's token lacks the scope, UNAUTHORIZED for a guest */
export function checkScope(context: Context<AppEnv>, scope: Scope): void {
  const caller = context.get('caller') as AppEnv['Variables']['caller'] | undefined;
  if (caller === undefined) throw unauthorized(context, 'Authorization is missing: send a user token');
  if (!caller.scopes.has(scope))
    throw insufficientScope(context, scope, `Token must have the scope "${scope}"`);
}

/** Says which scope is lacking (RFC 6750, 3.1). */
export function insufficientScope(context: Context<AppEnv>, scope: Scope, message: string): ApiError {
  context.header('www-authenticate', `Bearer error="insufficient_scope", scope="${scope}"`);
  return new ApiError('FORBIDDEN', message, { details: { scope } });
}

/** Says who may come in, and to whom it was said whether what was shown is at fault (RFC 6750, 3). */
export function unauthorized(context: Context<AppEnv>, reason: string): ApiError {
  const shown = context.req.header('authorization') !== undefined;
  context.header('www-authenticate', shown ? 'Bearer error="invalid_token"' : 'Bearer');
  return new ApiError('UNAUTHORIZED', reason);
}
