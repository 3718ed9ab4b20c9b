// Ids that cross a process border. Text ids are 1 to 64 characters of `A-Za-z0-9._-` (ledger GC-1), but not `.` or `..`:
// ids are path segments, and URL parsers resolve those two away.
import type { Brand } from './brand.ts';

export type MeetingId = Brand<string, 'MeetingId'>;
export type ParticipantId = Brand<string, 'ParticipantId'>;
export type ControllerId = Brand<string, 'ControllerId'>;
export type HandlerId = Brand<string, 'HandlerId'>;
export type RouterId = Brand<string, 'RouterId'>;
export type TransportId = Brand<string, 'TransportId'>;
export type ProducerId = Brand<string, 'ProducerId'>;
export type ConsumerId = Brand<string, 'ConsumerId'>;

/** Publisher's number, unique in a meeting, given out by the meeting controller from 1. Unsigned 32 bits. */
export type UserId = Brand<number, 'UserId'>;
/** Stream's number, unique within its publisher, given out by the meeting controller from 1. Unsigned 32 bits. */
export type StreamId = Brand<number, 'StreamId'>;
/** Fencing token of an assignment: grows by one each time a meeting gets another controller. */
export type Generation = Brand<number, 'Generation'>;

export const ID_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

export function isId(value: string): boolean {
  return ID_PATTERN.test(value);
}
