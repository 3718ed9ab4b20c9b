// Content negotiation (RFC 9110, 12.5.1), as far as an API needs it that answers in one or two content types.
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import type { AppEnv } from './AppEnv.ts';

/** Refuses with 406 whoever accepts none of the content types. Errors are JSON, whatever is accepted. */
export function requireAcceptable(contentTypes: readonly string[]): MiddlewareHandler<AppEnv> {
  return async function requireAcceptable(context, next) {
    const accept = context.req.header('accept');
    if (accept !== undefined && !contentTypes.some((contentType) => accepts(accept, contentType)))
      throw new ApiError(
        'INVALID_REQUEST',
        `Accept must allow ${contentTypes.join(' or ')}: got "${accept}"`,
        {
          status: 406,
        },
      );
    await next();
  };
}

/** The most exact range that matches decides; a weight of 0 says no. */
export function accepts(accept: string, contentType: string): boolean {
  const [type = ''] = contentType.split('/');
  const weights = new Map<string, number>();
  for (const part of accept.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    if (range !== '') weights.set(range, weight === undefined ? 1 : Number(weight));
  }
  // No range at all is as if there were no header.
  if (weights.size === 0) return true;
  const weight = weights.get(contentType) ?? weights.get(`${type}/*`) ?? weights.get('*/*') ?? 0;
  return weight > 0;
}
