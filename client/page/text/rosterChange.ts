// Who came and who went, in words.
import type { ParticipantView } from '../../media/MeetingClient.ts';

/**
 * Sentences about the difference between two rosters; this participant is never mentioned, nor is whoever came back as
 * another user. At most two.
 */
export function describeRosterChange(
  before: readonly ParticipantView[],
  after: readonly ParticipantView[],
): readonly string[] {
  return [
    describe(missingFrom(before, after), 'joined'),
    describe(missingFrom(after, before), 'left'),
  ].filter((sentence) => sentence !== undefined);
}

/** Those of `others` who are not among the known. */
export function missingFrom(
  known: readonly ParticipantView[],
  others: readonly ParticipantView[],
): readonly ParticipantView[] {
  const knownIds = new Set(known.map(({ participantId }) => participantId));
  return others.filter(({ isSelf, participantId }) => !isSelf && !knownIds.has(participantId));
}

function describe(people: readonly ParticipantView[], verb: 'joined' | 'left'): string | undefined {
  const [first, second] = people;
  if (first === undefined) return undefined;
  if (second === undefined) return `${first.displayName} ${verb}`;
  if (people.length === 2) return `${first.displayName} and ${second.displayName} ${verb}`;
  return `${first.displayName} and ${people.length - 1} others ${verb}`;
}
