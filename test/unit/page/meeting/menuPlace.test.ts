import { describe, expect, it } from 'vitest';
import { menuPlace } from '../../../../client/page/meeting/menuPlace.ts';

const MENU = { width: 220, height: 130 };
const WINDOW = { width: 400, height: 600 };

describe('menuPlace', () => {
  it.each([
    ['below the right end of its button', { top: 10, right: 390, bottom: 46 }, { left: 170, top: 52 }],
    ['above it at the bottom', { top: 550, right: 390, bottom: 586 }, { left: 170, top: 414 }],
    ['inside the window at the left', { top: 10, right: 100, bottom: 46 }, { left: 8, top: 52 }],
    ['inside the window at the right', { top: 10, right: 420, bottom: 46 }, { left: 172, top: 52 }],
  ])('stands %s', (_where, button, place) => {
    expect(menuPlace(button, MENU, WINDOW)).toEqual(place);
  });
});
