// What stands on the stage: everybody's tile, and each shared screen's. Pure.
import type { ParticipantView, PictureSource } from '../../media/MeetingClient.ts';

export interface ShownItem {
  /** Unique on the stage. */
  readonly key: string;
  readonly participant: ParticipantView;
  readonly source: PictureSource;
}

/** Screens first, then people, both in the order of the participants. */
export function shownItems(participants: readonly ParticipantView[]): readonly ShownItem[] {
  const itemOf =
    (source: PictureSource) =>
    (participant: ParticipantView): ShownItem => ({
      key: `${source}-${participant.userId}`,
      participant,
      source,
    });
  const sharing = participants.filter(({ sharesScreen }) => sharesScreen);
  return [...sharing.map(itemOf('screen')), ...participants.map(itemOf('camera'))];
}

/** Screens that others share: what one shares oneself is in front of one anyway. */
function screensOf(items: readonly ShownItem[]): readonly string[] {
  return items
    .filter(({ source, participant }) => source === 'screen' && !participant.isSelf)
    .map(({ key }) => key);
}

/**
 * Which item is large, by its key. A screen that somebody begins to share becomes it; when that ends, another shared screen
 * takes its place. Otherwise it is what the person chose, for as long as it is there.
 */
export function enlargedKey(
  chosen: string | undefined,
  before: readonly ShownItem[],
  now: readonly ShownItem[],
): string | undefined {
  const [known, screens] = [screensOf(before), screensOf(now)];
  const begun = screens.findLast((key) => !known.includes(key));
  if (begun !== undefined) return begun;
  if (chosen === undefined || now.some(({ key }) => key === chosen)) return chosen;
  return known.includes(chosen) ? screens.at(-1) : undefined;
}
