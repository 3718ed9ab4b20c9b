import type { MeetingId } from '../../shared/base/ids.ts';
import type { Random } from '../base/random.ts';

/** No vowels (no words come out), nothing that looks like something else: 28 letters and digits, 4.8 bits each. */
export const MEETING_ID_ALPHABET = 'bcdfghjkmnpqrstvwxyz23456789';
const GROUPS = 3;
const GROUP_LENGTH = 4;

/** `xxxx-xxxx-xxxx`: easy to read out, 58 bits, so that nobody guesses one. */
export function makeMeetingId(random: Random): MeetingId {
  const character = (): string =>
    MEETING_ID_ALPHABET.charAt(Math.floor(random() * MEETING_ID_ALPHABET.length));
  const group = (): string => Array.from({ length: GROUP_LENGTH }, character).join('');
  return Array.from({ length: GROUPS }, group).join('-') as MeetingId;
}
