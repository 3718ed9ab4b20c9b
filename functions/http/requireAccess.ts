import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import type { Access } from './Access.ts';
import type { AppEnv } from './AppEnv.ts';

/** Runs the handlers behind it only for a known caller, which they find as `caller`. */
export function requireAccess(access: Access): MiddlewareHandler<AppEnv> {
  return async function requireAccess(context, next) {
    const caller = await access.identify(context.req.raw);
    if (!caller.ok) {
      context.header('www-authenticate', 'Bearer');
      throw new ApiError('UNAUTHORIZED', caller.reason);
    }
    context.set('caller', caller.value);
    await next();
  };
}
