import { describe, expect, it } from 'vitest';
import { describeRosterChange } from '../../../../client/page/text/rosterChange.ts';
import { participantView } from '../participantView.ts';

const self = participantView(1, 'Me', { isSelf: true });
const ada = participantView(2, 'Ada');
const ben = participantView(3, 'Ben');
const cleo = participantView(4, 'Cleo');

describe('describeRosterChange', () => {
  it.each([
    ['nobody', [self, ada], [self, ada], []],
    ['one who joins', [self], [self, ada], ['Ada joined']],
    ['two who join', [self], [self, ada, ben], ['Ada and Ben joined']],
    ['three who join', [self], [self, ada, ben, cleo], ['Ada and 2 others joined']],
    ['one who leaves', [self, ada], [self], ['Ada left']],
    ['one for another', [self, ada], [self, ben], ['Ben joined', 'Ada left']],
    ['this participant', [], [self], []],
    [
      'somebody of the same name',
      [self, ada],
      [self, ada, { ...ada, userId: 9, participantId: 'p9' }],
      ['Ada joined'],
    ],
    ['somebody who came back under another user id', [self, ada], [self, { ...ada, userId: 9 }], []],
    ['a changed name or mute', [self, ada], [self, { ...ada, audioMuted: true }], []],
  ])('MC-3 tells of %s', (_, before, after, sentences) => {
    expect(describeRosterChange(before, after)).toEqual(sentences);
  });
});
