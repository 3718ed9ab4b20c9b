import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { continueTrace } from '../../shared/base/trace.ts';
import type { AppEnv } from './AppEnv.ts';

/** One line per request (ledger GC-19), never with a header, a query or a body. */
export function requestLog(log: Logger, clock: Clock): MiddlewareHandler<AppEnv> {
  return async function requestLog(context, next) {
    const startedMs = clock.monotonicMs();
    const trace = continueTrace(context.req.header('traceparent'));
    context.set('trace', trace);
    context.set('log', log.with({ trace_id: trace.traceId }));
    await next();
    context.header('cache-control', context.res.headers.get('cache-control') ?? 'no-store');
    context.header('x-content-type-options', 'nosniff');
    const { status } = context.res;
    context.get('log')[status >= 500 ? 'warn' : 'debug']('Request', {
      method: context.req.method,
      route: routeOf(context),
      status,
      ms: Math.round((clock.monotonicMs() - startedMs) * 10) / 10,
      ...context.get('subject'),
    });
  };
}

/** The pattern, not the path: it groups well. Undefined for paths that no route has. */
function routeOf(context: Context<AppEnv>): string | undefined {
  return matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'))?.path;
}
