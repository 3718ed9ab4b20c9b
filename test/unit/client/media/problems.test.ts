import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../client/core/errors.ts';
import { toJoinError, toMeetingEnd } from '../../../../client/media/problems.ts';
import { ApiError, type ApiErrorCode } from '../../../../shared/api/error.ts';
import { CloseCode } from '../../../../shared/base/closeCode.ts';

/** Ledger MC-5. */
const FULL = 'Meeting has reached maximum participants';
const closed = (closeCode: number, reason = ''): ConnectionError =>
  ConnectionError.closed('the server', { closeCode, reason });
const api = (code: ApiErrorCode, message = 'x'): ApiError => new ApiError(code, message);

describe('toJoinError', () => {
  it.each([
    ['an unknown meeting', api('NOT_FOUND', 'No meeting "abc"'), 'not_found'],
    ['an ended meeting', api('NOT_FOUND', 'Meeting has ended'), 'ended'],
    ['a full meeting (API)', api('CAPACITY_EXCEEDED'), 'full'],
    ['no server with room', api('NO_CAPACITY'), 'no_capacity'],
    ['a wrong credential', api('UNAUTHORIZED'), 'sign_in'],
    ['a server error', api('INTERNAL_ERROR'), 'failed'],
    ['no network', ConnectionError.unreachable('the server', undefined), 'unreachable'],
    ['no answer', ConnectionError.timedOut('the server', 10), 'unreachable'],
    ['an expired join token', ConnectionError.refused('UNAUTHORIZED', 'x'), 'unauthorized'],
    ['a full meeting (MC-5)', ConnectionError.refused('CAPACITY_EXCEEDED', FULL), 'full'],
    ['a full meeting, in the close alone', closed(CloseCode.quotaExceeded, FULL), 'full'],
    [
      'media servers without room',
      ConnectionError.refused('CAPACITY_EXCEEDED', 'No media server has room for this meeting'),
      'no_capacity',
    ],
    ['a server over a bound', closed(CloseCode.quotaExceeded, 'Too many sessions'), 'no_capacity'],
    ['a meeting that ended while joining', ConnectionError.refused('NOT_FOUND', 'x'), 'ended'],
    ['a close with 4401', closed(CloseCode.unauthorized), 'unauthorized'],
    ['no WebTransport', ConnectionError.unsupported('the server', undefined), 'unsupported'],
    ['malformed data', ConnectionError.protocol('the server', 'x'), 'failed'],
    ['a bug', new TypeError('x'), 'failed'],
  ])('GC-14 MC-5 says %s in a sentence', (_name, error, code) => {
    const joinError = toJoinError(error);
    expect(joinError.code).toBe(code);
    expect(joinError.message).toMatch(/^[A-Z].*\.$/);
    expect(joinError.cause).toBe(error);
  });
});

describe('toMeetingEnd', () => {
  it.each([
    ['leaving', undefined, 'left'],
    ['the end of the meeting', closed(CloseCode.notFound), 'ended'],
    ['removal by a host', closed(CloseCode.forbidden), 'removed'],
    ['a join elsewhere', closed(CloseCode.conflict), 'refused'],
    ['a server that goes away', closed(CloseCode.goingAway), 'lost'],
    ['a heartbeat that came too late', closed(CloseCode.timedOut), 'lost'],
    ['a lost connection', ConnectionError.lost('the server', 'x'), 'lost'],
    ['the words "Meeting has ended"', ConnectionError.refused('NOT_FOUND', 'Meeting has ended'), 'ended'],
    ['an internal error', closed(CloseCode.internalError), 'failed'],
    ['a move to where there is no way', ConnectionError.unsupported('the server', undefined), 'failed'],
  ])('says why a meeting ended here: %s', (_name, error, code) => {
    const end = toMeetingEnd(error === undefined ? { source: 'local' } : { source: 'signaling', error });
    expect(end.code).toBe(code);
    expect(end.message).toMatch(/^[A-Z].*\.$/);
  });
});
