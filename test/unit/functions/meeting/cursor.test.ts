import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../../functions/meeting/cursor.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';
import type { MeetingId } from '../../../../shared/base/ids.ts';

describe('cursor', () => {
  it('GC-14 comes back as it was, and is safe in a query', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('active' as const, 'ended' as const),
        fc.integer({ min: 0, max: 8.64e15 }),
        fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        (status, createdAtMs, meetingId) => {
          const position = { status, createdAtMs: createdAtMs as EpochMs, meetingId: meetingId as MeetingId };
          const cursor = encodeCursor(position);
          expect(encodeURIComponent(cursor)).toBe(cursor);
          expect(decodeCursor(cursor)).toEqual(position);
        },
      ),
    );
  });

  it.each([
    '',
    'x',
    '!!!',
    btoa('null'),
    btoa('["active",-1,"a"]'),
    btoa('["active",9e15,"a"]'),
    btoa('["new",1,"a"]'),
  ])('GC-14 is refused when it is not one of ours: %j', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow('Cursor must be a next_cursor that a list answered');
  });
});
