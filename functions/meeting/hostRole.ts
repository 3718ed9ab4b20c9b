// Who may be a host (ledger MC-10): whoever made the meeting, and callers whose token says so. Only who asks for it is one:
// a machine that makes meetings and joins people to them makes none of them a host by that.
import type { Context } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import type { JoinRole } from '../../shared/api/meeting.ts';
import type { JoinClaims } from '../../shared/token/joinToken.ts';
import { principalOf } from '../http/Access.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { insufficientScope } from '../http/requireAccess.ts';
import type { Meeting } from './Meeting.ts';

const HOST_SCOPE = 'meetings:host';

/** The claim for what a known caller asks for. @throws ApiError FORBIDDEN */
export function roleOfUser(
  context: Context<AppEnv>,
  { createdBy }: Pick<Meeting, 'createdBy'>,
  asked: JoinRole | undefined,
): JoinClaims['role'] {
  if (asked !== 'host') return undefined;
  const caller = context.get('caller');
  if (createdBy !== principalOf(caller) && !caller.scopes.has(HOST_SCOPE))
    throw insufficientScope(
      context,
      HOST_SCOPE,
      `Only who made the meeting, or a token with the scope "${HOST_SCOPE}", may join as a host`,
    );
  return 'host';
}

/** @throws ApiError FORBIDDEN for guests who ask to be hosts */
export function checkRoleOfGuest(asked: JoinRole | undefined): void {
  if (asked === 'host')
    throw new ApiError('FORBIDDEN', 'Guests cannot be hosts: send a user token, or join as a participant');
}
