// What went wrong on the way into a meeting, as the page says it. Each layer's failure is translated here and only here.
import { ApiError, type ApiErrorCode } from '../../../shared/api/error.ts';
import { ConnectionError } from '../../core/index.ts';
import { JoinError } from '../../media/MeetingClient.ts';

export interface JoinProblem {
  readonly code: JoinError['code'];
  /** A sentence a person can act on. */
  readonly message: string;
}

const API_CODES: Readonly<Partial<Record<ApiErrorCode, JoinError['code']>>> = {
  NOT_FOUND: 'not_found',
  CAPACITY_EXCEEDED: 'full',
  NO_CAPACITY: 'no_capacity',
  FORBIDDEN: 'unauthorized',
};

const SIGN_IN: JoinProblem = {
  code: 'sign_in',
  message: 'This server asks who you are: enter your access token, then go on',
};

export function toJoinProblem(error: unknown): JoinProblem {
  if (error instanceof JoinError && error.code === 'sign_in') return SIGN_IN;
  if (error instanceof JoinError) return { code: error.code, message: error.message };
  if (error instanceof ApiError && error.code === 'UNAUTHORIZED') return SIGN_IN;
  if (error instanceof ApiError) return { code: API_CODES[error.code] ?? 'failed', message: error.message };
  if (error instanceof ConnectionError && (error.code === 'unreachable' || error.code === 'timed_out')) {
    return {
      code: 'unreachable',
      message: 'The server cannot be reached: check your network connection, then try again',
    };
  }
  return { code: 'failed', message: 'Something went wrong while joining: reload the page and try again' };
}

/** Whether it is about the meeting that was asked for, not about the way to it. */
export function isAboutMeeting({ code }: JoinProblem): boolean {
  return code === 'not_found' || code === 'ended' || code === 'full';
}
