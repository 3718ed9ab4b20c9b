import { describe, expect, it } from 'vitest';
import type { ParticipantView } from '../../../../client/media/MeetingClient.ts';
import { enlargedKey, shownItems } from '../../../../client/page/meeting/shownItems.ts';
import { describeNewShares, screenName } from '../../../../client/page/text/screenShare.ts';
import { participantView } from '../participantView.ts';

function person(userId: number, sharesScreen = false): ParticipantView {
  const displayName = ['', 'Me', 'Ada', 'Ben'][userId] ?? '';
  return participantView(userId, displayName, {
    isSelf: userId === 1,
    sharesScreen,
    hasScreen: sharesScreen,
  });
}

/** Everybody, and the screens of these. */
function shared(...userIds: readonly number[]): readonly ParticipantView[] {
  return [1, 2, 3].map((userId) => person(userId, userIds.includes(userId)));
}

const items = (...userIds: readonly number[]) => shownItems(shared(...userIds));

describe('shownItems', () => {
  it('MC-3 shows a tile for everybody and one for each shared screen, those first', () => {
    expect(items(2, 3).map(({ key }) => key)).toEqual([
      'screen-2',
      'screen-3',
      'camera-1',
      'camera-2',
      'camera-3',
    ]);
  });
});

describe('enlargedKey', () => {
  it.each([
    ['nothing while nobody shares', undefined, items(), items(), undefined],
    ['a screen that was shared before one came', undefined, [], items(2), 'screen-2'],
    ['a screen that somebody begins to share', 'camera-3', items(), items(2), 'screen-2'],
    ['the newer one of two', 'screen-2', items(2), items(2, 3), 'screen-3'],
    ['not what one shares oneself', undefined, items(), items(1), undefined],
    ['the other one when a share ends', 'screen-3', items(2, 3), items(2), 'screen-2'],
    ['nothing when the last share ends', 'screen-2', items(2), items(), undefined],
    ['what the person chose instead', 'camera-3', items(2), items(2), 'camera-3'],
    ['nothing when the person wants all alike', undefined, items(2), items(2), undefined],
    ['nobody who has left', 'camera-9', items(), items(), undefined],
  ] as const)('enlarges %s', (_, chosen, before, now, key) => {
    expect(enlargedKey(chosen, before, now)).toBe(key);
  });
});

describe('texts of a shared screen', () => {
  it('names it after who shares it', () => {
    expect([person(1), person(2)].map(screenName)).toEqual(['Your screen', 'Ada’s screen']);
  });

  it('says once of each of the others that they share', () => {
    expect(describeNewShares([], shared(1, 2))).toEqual(['Ada is sharing a screen']);
    expect(describeNewShares(shared(2), shared(2, 3))).toEqual(['Ben is sharing a screen']);
    expect(describeNewShares(shared(2), shared())).toEqual([]);
  });
});
