import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../client/core/index.ts';
import { JoinError } from '../../../../client/media/MeetingClient.ts';
import { isAboutMeeting, toJoinProblem } from '../../../../client/page/app/joinProblem.ts';
import { ApiError } from '../../../../shared/api/error.ts';

describe('toJoinProblem', () => {
  it('MC-5 keeps what the SDK says', () => {
    expect(toJoinProblem(new JoinError('full', 'This meeting is full'))).toEqual({
      code: 'full',
      message: 'This meeting is full',
    });
  });

  it('GC-15 asks for a token in words of its own, whoever says that one is missing', () => {
    const asked = {
      code: 'sign_in',
      message: 'This server asks who you are: enter your access token, then go on',
    };
    expect(toJoinProblem(new ApiError('UNAUTHORIZED', 'Authorization is missing'))).toEqual(asked);
    expect(toJoinProblem(new JoinError('sign_in', 'Sign in, then join.'))).toEqual(asked);
  });

  it.each([
    ['NOT_FOUND', 'not_found', true],
    ['CAPACITY_EXCEEDED', 'full', true],
    ['NO_CAPACITY', 'no_capacity', false],
    ['FORBIDDEN', 'unauthorized', false],
    ['INVALID_REQUEST', 'failed', false],
    ['INTERNAL_ERROR', 'failed', false],
  ] as const)('GC-14 reads the API code %s as %s, with the message of the API', (code, expected, about) => {
    const problem = toJoinProblem(new ApiError(code, 'What to do'));
    expect(problem).toEqual({ code: expected, message: 'What to do' });
    expect(isAboutMeeting(problem)).toBe(about);
  });

  it.each([ConnectionError.unreachable('The API', new Error('x')), ConnectionError.timedOut('The API', 5)])(
    'tells a network that fails (%s) from a server that does',
    (error) => {
      expect(toJoinProblem(error).code).toBe('unreachable');
      expect(toJoinProblem(ConnectionError.protocol('The API', 'no JSON')).code).toBe('failed');
    },
  );

  it('says nothing of the inside of an unexpected error', () => {
    const { code, message } = toJoinProblem(
      new TypeError("Cannot read properties of undefined (reading 'x')"),
    );
    expect(code).toBe('failed');
    expect(message).not.toContain('undefined');
  });
});
