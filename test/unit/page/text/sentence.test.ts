import { expect, it } from 'vitest';
import { asSentence } from '../../../../client/page/text/sentence.ts';

it.each([
  ['The meeting has ended', 'The meeting has ended.'],
  ['The meeting has ended. ', 'The meeting has ended.'],
  ['Really?', 'Really?'],
  ['Wait…', 'Wait…'],
  ['', ''],
])('GC-14 shows the message %j as the sentence %j', (message, sentence) => {
  expect(asSentence(message)).toBe(sentence);
});
