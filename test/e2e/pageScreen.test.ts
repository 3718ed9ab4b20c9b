// Shared screens on the meeting page in a real Chromium, over a fake meeting.
import { describe, expect, it } from 'vitest';
import type { ScreenShareError } from '../../client/media/MeetingClient.ts';
import { usePageSession } from '../support/PageSession.ts';

const session = usePageSession();

async function boxOf(locator: ReturnType<typeof session.tile>) {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('It is not shown');
  return box;
}

function isEnlarged(locator: ReturnType<typeof session.tile>): Promise<boolean> {
  return locator.getAttribute('data-enlarged').then((enlarged) => enlarged === 'true');
}

/** The next share fails with this. */
async function failShares(code: ScreenShareError['code'], message: string): Promise<void> {
  await session.page.evaluate(
    ([code, message]) => {
      if (globalThis.fakeMeeting)
        globalThis.fakeMeeting.screenError = globalThis.makeScreenShareError(code, message);
    },
    [code, message] as const,
  );
}

describe('a shared screen', () => {
  it('MC-3 is shown large and whole, with the people beside it, under the name of who shares it', async () => {
    await session.enter(3, 1);
    const screen = session.screen('Grace Hopper');
    await expect.poll(() => isEnlarged(screen)).toBe(true);
    expect(await screen.getByTestId('tile-name').textContent()).toBe('Grace Hopper’s screen');
    const large = await boxOf(screen);
    for (const name of ['Ada Lovelace', 'Grace Hopper', 'Edsger Dijkstra']) {
      const tile = await boxOf(session.tile(name));
      expect(tile.y).toBeGreaterThanOrEqual(large.y + large.height);
      expect(tile.width).toBeLessThan(large.width / 3);
    }
    const canvas = screen.getByTestId('tile-canvas');
    expect(await canvas.evaluate((element) => getComputedStyle(element).objectFit)).toBe('contain');
    await expect.poll(() => session.toasts()).toEqual(['Grace Hopper is sharing a screen']);
  });

  it('SFU-4 asks for a picture of its own size, and for a small one of the face beside it', async () => {
    await session.enter(3, 1);
    const heights = () =>
      session.page.evaluate(() => ({
        screen: globalThis.fakeMeeting?.shownScreenHeights.get(2) ?? 0,
        face: globalThis.fakeMeeting?.shownHeights.get(2) ?? 0,
      }));
    await expect.poll(async () => (await heights()).screen > 4 * (await heights()).face).toBe(true);
    await session.page.keyboard.press('Escape');
    await expect.poll(async () => (await heights()).screen === (await heights()).face).toBe(true);
  });

  it('makes room for another one, which can be put back, and goes when it ends', async () => {
    await session.enter(3, 1);
    const [grace, edsger] = [session.screen('Grace Hopper'), session.screen('Edsger Dijkstra')];
    await session.page.evaluate(() =>
      globalThis.fakeMeeting?.change(3, { sharesScreen: true, hasScreen: true }),
    );
    await expect.poll(() => isEnlarged(edsger)).toBe(true);
    expect(await isEnlarged(grace)).toBe(false);
    await grace.dblclick();
    await expect.poll(() => isEnlarged(grace)).toBe(true);
    await session.page.evaluate(() => globalThis.fakeMeeting?.change(2, { sharesScreen: false }));
    await expect.poll(() => isEnlarged(edsger)).toBe(true);
    expect(await grace.count()).toBe(0);
    await edsger.getByTestId('tile-enlarge').click();
    await expect.poll(() => isEnlarged(edsger)).toBe(false);
    await session.page.evaluate(() => globalThis.fakeMeeting?.change(3, { sharesScreen: false }));
    await expect.poll(() => edsger.count()).toBe(0);
    expect(await session.page.getByTestId('tile').count()).toBe(3);
  });

  it('fills the whole screen when asked to, and asks for a picture of that size', async () => {
    await session.enter(2, 1);
    const screen = session.screen('Grace Hopper');
    await screen.hover();
    await screen.getByTestId('tile-full-screen').click();
    const frame = screen.locator('.screen-frame');
    await expect.poll(() => frame.getAttribute('data-full')).toBe('true');
    const [height, screenHeight] = await session.page.evaluate(() => [
      globalThis.fakeMeeting?.shownScreenHeights.get(2),
      window.screen.height * devicePixelRatio,
    ]);
    expect(height).toBe(screenHeight);
    await screen.getByTestId('tile-full-screen').click();
    await expect.poll(() => frame.getAttribute('data-full')).toBe('false');
  });
});

describe("one's own shared screen", () => {
  it('MC-3 is shared by button and by key, is a note and no mirror of itself, and is stopped there or by the button', async () => {
    await session.enter(2);
    const button = session.page.getByTestId('toggle-screen');
    const own = session.screen('Ada Lovelace');
    expect(await button.getAttribute('aria-label')).toBe('Share screen');
    await button.click();
    await own.getByText('You are sharing your screen').waitFor();
    expect([await own.locator('canvas').count(), await isEnlarged(own)]).toEqual([0, false]);
    expect([await button.getAttribute('data-on'), await button.getAttribute('aria-label')]).toEqual([
      'true',
      'Stop sharing',
    ]);
    await own.getByRole('button', { name: 'Stop sharing' }).click();
    await expect.poll(() => own.count()).toBe(0);
    await session.page.keyboard.press('p');
    await own.waitFor();
    await button.click();
    await expect.poll(() => own.count()).toBe(0);
    expect(await session.toasts()).toEqual([]);
  });

  it('says what is wrong when it cannot be shared, and nothing when its person chose none', async () => {
    await session.enter(2);
    await failShares('cancelled', 'No screen was chosen.');
    await session.page.getByTestId('toggle-screen').click();
    await failShares('denied', 'The system does not allow it.');
    await session.page.getByTestId('toggle-screen').click();
    await expect.poll(() => session.toasts()).toEqual(['The system does not allow it.']);
    expect(await session.page.getByTestId('screen-tile').count()).toBe(0);
  });

  it('MC-10 is not shared while a host has muted it', async () => {
    await session.enter(2);
    await session.page.evaluate(() => globalThis.fakeMeeting?.muteSelf('video', true, 'Grace Hopper'));
    await session.page.getByTestId('toggle-screen').click();
    await expect.poll(() => session.toasts()).toContainEqual(expect.stringContaining('Grace Hopper'));
    expect(await session.page.getByTestId('screen-tile').count()).toBe(0);
  });

  it('has no button where the browser cannot: on a phone', async () => {
    await session.enter(2);
    await session.page.evaluate(() => {
      if (globalThis.fakeMeeting) globalThis.fakeMeeting.canShareScreen = false;
      globalThis.fakeMeeting?.setLimited(true);
    });
    await expect.poll(() => session.page.getByTestId('toggle-screen').count()).toBe(0);
  });

  it('has room for its button in a narrow window', async () => {
    await session.page.setViewportSize({ width: 360, height: 640 });
    await session.enter(2);
    const boxes = await session.page
      .locator('.control-bar button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().toJSON() as DOMRect));
    expect(boxes.length).toBe(6);
    expect(boxes.every(({ left, right }) => left >= 0 && right <= 360)).toBe(true);
  });
});
