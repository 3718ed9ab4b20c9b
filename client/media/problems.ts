// What went wrong, as sentences that a person can act on.
import { ApiError } from '../../shared/api/error.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import { ConnectionError } from '../core/errors.ts';
import type { RoomEnd } from '../core/RoomEvents.ts';
import { HostActionError, JoinError, type MeetingEnd } from './MeetingClient.ts';
import { listOf } from './support.ts';

/** Text of the refusal to join a meeting with as many participants as it may have (ledger MC-5). */
const MEETING_FULL = 'Meeting has reached maximum participants';

const SENTENCES: Readonly<Record<JoinError['code'], string>> = {
  not_found: 'There is no meeting with this id. Check the link, or start a new meeting.',
  ended: 'This meeting has ended. Start a new one.',
  full: 'This meeting is full. Try again when somebody has left.',
  sign_in: 'This server asks who you are. Sign in, then join.',
  unauthorized: 'You may not join this meeting. Ask whoever invited you for a new link.',
  no_capacity: 'All servers are busy right now. Try again in a minute.',
  unreachable:
    'The meeting could not be reached. Check your network; if it blocks UDP, try another one or a phone hotspot.',
  // What else a browser can lack is said before it joins.
  unsupported:
    'This browser lacks WebTransport, and this server takes no sessions over TCP. Use a current Chrome, Edge or another Chromium browser.',
  failed: 'Joining failed because of an error on the server. Try again.',
};

export function joinError(code: JoinError['code'], cause?: unknown): JoinError {
  return new JoinError(code, SENTENCES[code], cause === undefined ? undefined : { cause });
}

export function unsupportedError(missing: readonly string[]): JoinError {
  return new JoinError(
    'unsupported',
    `This browser lacks ${listOf(missing)}. Use a current Chrome, Edge or another Chromium browser.`,
  );
}

/** Turns whatever joining failed with into a JoinError. */
export function toJoinError(error: unknown): JoinError {
  if (error instanceof JoinError) return error;
  if (error instanceof ApiError) return joinError(apiErrorCode(error), error);
  if (error instanceof ConnectionError) return joinError(connectionErrorCode(error), error);
  return joinError('failed', error);
}

function apiErrorCode(error: ApiError): JoinError['code'] {
  switch (error.code) {
    case 'NOT_FOUND':
      return /\bended\b/i.test(error.message) ? 'ended' : 'not_found';
    case 'CAPACITY_EXCEEDED':
      return 'full';
    case 'NO_CAPACITY':
    case 'RATE_LIMITED':
      return 'no_capacity';
    case 'UNAUTHORIZED':
      return 'sign_in';
    case 'FORBIDDEN':
      return 'unauthorized';
    default:
      return 'failed';
  }
}

function connectionErrorCode(error: ConnectionError): JoinError['code'] {
  switch (error.code) {
    case 'unreachable':
    case 'timed_out':
    case 'lost':
      return 'unreachable';
    case 'refused':
      return refusalCode(error);
    case 'closed':
      return closeCodeCode(error);
    case 'protocol':
      return 'failed';
    case 'unsupported':
      return 'unsupported';
  }
}

/** Codes of the Error message (ledger MC-5). */
function refusalCode(error: ConnectionError): JoinError['code'] {
  switch (error.refusal) {
    case 'NOT_FOUND':
      return 'ended';
    case 'CAPACITY_EXCEEDED':
      return capacityCode(error);
    case 'UNAUTHORIZED':
    case 'FORBIDDEN':
      return 'unauthorized';
    default:
      return 'failed';
  }
}

/** One code for two cases, told apart by the text of ledger MC-5: the meeting is full, or the servers are. */
function capacityCode({ message }: ConnectionError): JoinError['code'] {
  return message.endsWith(MEETING_FULL) ? 'full' : 'no_capacity';
}

function closeCodeCode(error: ConnectionError): JoinError['code'] {
  switch (error.closeCode) {
    case CloseCode.notFound:
      return 'ended';
    case CloseCode.unauthorized:
    case CloseCode.forbidden:
      return 'unauthorized';
    case CloseCode.quotaExceeded:
      return capacityCode(error);
    case CloseCode.goingAway:
      return 'no_capacity';
    default:
      return 'failed';
  }
}

const ENDS = {
  left: 'You left the meeting.',
  ended: 'The meeting has ended.',
  removed: 'You were removed from the meeting.',
  lost: 'The connection to the meeting was lost. Check your network, then join again.',
  goingAway: 'The server you were connected to is being restarted. Join again.',
  conflict: 'You joined this meeting again from another tab or device.',
  refused: 'The server no longer lets you take part. Join again.',
  unsupported:
    'The meeting has moved to a server that takes no sessions over TCP, and this browser lacks WebTransport. Join again with a current Chrome, Edge or another Chromium browser.',
  failed: 'The meeting stopped because of an error on the server. Join again.',
} as const;

export function toMeetingEnd(end: RoomEnd): MeetingEnd {
  const error = end.error;
  if (end.source === 'local' || error === undefined) return { code: 'left', message: ENDS.left };
  if (error.code === 'refused' && error.refusal === 'NOT_FOUND')
    return { code: 'ended', message: ENDS.ended };
  if (error.code === 'refused' && error.refusal === 'FORBIDDEN')
    return { code: 'removed', message: ENDS.removed };
  if (error.code === 'refused' && error.refusal === 'CONFLICT')
    return { code: 'refused', message: ENDS.conflict };
  if (error.code === 'unsupported') return { code: 'failed', message: ENDS.unsupported };
  switch (error.closeCode) {
    case CloseCode.notFound:
      return { code: 'ended', message: ENDS.ended };
    case CloseCode.forbidden:
      return { code: 'removed', message: ENDS.removed };
    case CloseCode.conflict:
      return { code: 'refused', message: ENDS.conflict };
    case CloseCode.unauthorized:
      return { code: 'refused', message: ENDS.refused };
    case CloseCode.goingAway:
      return { code: 'lost', message: ENDS.goingAway };
    default:
      break;
  }
  if (error.code === 'lost' || error.code === 'timed_out' || error.code === 'unreachable')
    return { code: 'lost', message: ENDS.lost };
  if (error.closeCode === CloseCode.timedOut) return { code: 'lost', message: ENDS.lost };
  return { code: 'failed', message: ENDS.failed };
}

/** What a host asked for; rejects with HostActionError, in words for the host. */
export async function asHost(action: Promise<void>): Promise<void> {
  try {
    await action;
  } catch (cause) {
    throw new HostActionError(hostSentence(cause), { cause });
  }
}

function hostSentence(error: unknown): string {
  const code = error instanceof ApiError ? error.code : (error as ConnectionError).refusal;
  switch (code) {
    case 'FORBIDDEN':
      return 'Only a host of this meeting can do that.';
    case 'UNAUTHORIZED':
      return 'The server no longer knows you as a host. Leave, then join again.';
    case 'NOT_FOUND':
      return 'They have left already.';
    default:
      return 'The server could not do that. Try again.';
  }
}
