import { expect, it } from 'vitest';
import { missingSupport } from '../../../../client/page/lobby/missingSupport.ts';

it.each([
  [{ isSecureContext: true, missing: [] }, undefined],
  [
    { isSecureContext: true, missing: ['MediaStreamTrackProcessor', 'AudioWorklet'] },
    /\(MediaStreamTrackProcessor and AudioWorklet\).*Chrome/,
  ],
  // Browsers hide cameras from pages that are not secure: the page is the reason, not the browser.
  [{ isSecureContext: false, missing: ['AudioWorklet'] }, /https/],
])('says what %o is missing and what to do', (support, expected) => {
  const message = missingSupport(support);
  if (expected === undefined) expect(message).toBeUndefined();
  else expect(message).toMatch(expected);
});
