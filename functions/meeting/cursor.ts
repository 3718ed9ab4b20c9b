// Where a list of meetings goes on, as clients carry it: opaque, and worth nothing to whoever changes it, since the
// organisation is not in it.
import * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { idSchema } from '../../shared/api/fields.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { MeetingPosition } from './MeetingStore.ts';

/** The latest time that a Date holds (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME_MS = 8.64e15;

const positionSchema = z.tuple([z.enum(['active', 'ended']), z.int().min(0).max(MAX_TIME_MS), idSchema]);

export function encodeCursor({ status, createdAtMs, meetingId }: MeetingPosition): string {
  const json = JSON.stringify([status, createdAtMs, meetingId]);
  return btoa(json).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws ApiError INVALID_REQUEST when it is not a cursor of ours */
export function decodeCursor(cursor: string): MeetingPosition {
  try {
    const json: unknown = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
    const [status, createdAtMs, meetingId] = positionSchema.parse(json);
    return { status, createdAtMs: createdAtMs as EpochMs, meetingId: meetingId as MeetingId };
  } catch (cause) {
    throw new ApiError('INVALID_REQUEST', 'Cursor must be a next_cursor that a list answered', { cause });
  }
}
