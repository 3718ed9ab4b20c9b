import { describe, expect, it } from 'vitest';
import { API_ERROR_CODES, ApiError, ERROR_STATUS, errorBodySchema } from '../../../../shared/api/error.ts';

describe('the error shape', () => {
  it.each(API_ERROR_CODES)('GC-14 %s has one body that its own schema takes', (code) => {
    const error = new ApiError(code, 'No such thing', { details: { id: 'x' } });
    expect(error.toBody()).toEqual({ error: { code, message: 'No such thing', details: { id: 'x' } } });
    expect(errorBodySchema.parse(JSON.parse(JSON.stringify(error.toBody())))).toEqual(error.toBody());
    expect(error.status).toBe(ERROR_STATUS[code]);
  });

  it('GC-14 answers the statuses of the protocol document', () => {
    expect(ERROR_STATUS).toMatchObject({ INVALID_REQUEST: 400, NO_CAPACITY: 503, INTERNAL_ERROR: 500 });
  });

  it('GC-14 takes a more exact status, a time to come back and a cause that stays inside', () => {
    const cause = new Error('secret table name');
    const error = new ApiError('INVALID_REQUEST', 'Body is too large', {
      status: 413,
      retryAfterSeconds: 3,
      cause,
    });
    expect([error.status, error.retryAfterSeconds, error.cause]).toEqual([413, 3, cause]);
    expect(JSON.stringify(error.toBody())).not.toContain('secret');
    expect(new ApiError('NOT_FOUND', 'x').retryAfterSeconds).toBeUndefined();
  });
});
