// What is said of screens that are shared.
import type { ParticipantView } from '../../media/MeetingClient.ts';

/** Name of what a participant shares. */
export function screenName({ displayName, isSelf }: ParticipantView): string {
  return isSelf ? 'Your screen' : `${displayName}’s screen`;
}

/** A sentence for each of the others who began to share between two lists of participants. */
export function describeNewShares(
  before: readonly ParticipantView[],
  after: readonly ParticipantView[],
): readonly string[] {
  const known = new Set(before.filter(({ sharesScreen }) => sharesScreen).map(({ userId }) => userId));
  return after
    .filter(({ sharesScreen, isSelf, userId }) => sharesScreen && !isSelf && !known.has(userId))
    .map(({ displayName }) => `${displayName} is sharing a screen`);
}
