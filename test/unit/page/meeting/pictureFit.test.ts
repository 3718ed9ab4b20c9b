import { expect, it } from 'vitest';
import { pictureFit } from '../../../../client/page/meeting/usePictureFit.ts';

it.each([
  ['16:9 in 16:9', 16 / 9, 16 / 9, 'cover'],
  ['4:3 in 16:9', 4 / 3, 16 / 9, 'cover'],
  ['9:16 in 16:9', 9 / 16, 16 / 9, 'contain'],
  ['9:16 in 3:4', 9 / 16, 3 / 4, 'cover'],
  ['16:9 in 3:4', 16 / 9, 3 / 4, 'cover'],
  ['16:9 in 1.2:1', 16 / 9, 1.2, 'cover'],
])('a picture of %s', (_, picture, tile, fit) => {
  expect(pictureFit(picture, tile)).toBe(fit);
});
