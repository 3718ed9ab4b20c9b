import type { MiddlewareHandler } from 'hono';
import type { MeetingId } from '../../shared/base/ids.ts';
import { type Access, bearerToken } from '../http/Access.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { unauthorized } from '../http/requireAccess.ts';
import { type ClaimsOptions, readClaims } from './participantClaims.ts';

/**
 * Runs the handlers behind it for a known caller, found as `caller`, and for a participant of the meeting that the path
 * names as `meeting_id`, who shows its join token and is found as `participant`.
 */
export function admitParticipants(access: Access, options: ClaimsOptions): MiddlewareHandler<AppEnv> {
  return async function admitParticipants(context, next) {
    const caller = await access.identify(context.req.raw);
    if (caller.ok) context.set('caller', caller.value);
    else {
      const token = bearerToken(context.req.raw);
      const meetingId = context.req.param('meeting_id') as MeetingId;
      const claims = token.ok
        ? await readClaims(options, meetingId, token.value, context.get('log'))
        : undefined;
      if (claims === undefined) throw unauthorized(context, caller.reason);
      context.set('participant', claims);
    }
    await next();
  };
}
