import { describe, expect, it } from 'vitest';
import { mutedByHostText } from '../../../../client/page/text/mutedByHost.ts';

describe('mutedByHostText', () => {
  it.each([
    [true, false, 'Ada', 'Ada muted you for everyone. Ask Ada to let you speak again.'],
    [true, false, undefined, 'A host muted you for everyone. Ask a host to let you speak again.'],
    [false, true, 'Ada', 'Ada turned your camera off for everyone. Ask Ada to let you be seen again.'],
    [
      true,
      true,
      'Ada',
      'Ada turned your microphone and camera off for everyone. Ask Ada to let you speak and be seen again.',
    ],
    [false, false, undefined, undefined],
  ])('MC-10 says who, what and what to do: audio %s, video %s, by %s', (audio, video, name, text) => {
    const self = { audioMutedByHost: audio, videoMutedByHost: video, mutedByName: name };
    expect(mutedByHostText(self)).toBe(text);
  });
});
