// The meeting page in a real Chromium, over a fake meeting: a meeting that goes on.
import { describe, expect, it } from 'vitest';
import { DESKTOP, PHONE, usePageSession } from '../support/PageSession.ts';

const session = usePageSession();

describe('a meeting', () => {
  it.each([1, 2, 3, 5, 9, 49])(
    'fits %i tiles on the stage, none over another, none cut off',
    async (people) => {
      for (const viewport of people > 9 ? [DESKTOP] : [DESKTOP, PHONE]) {
        await session.page.setViewportSize(viewport);
        await session.enter(people);
        const stage = await session.page.locator('.stage').boundingBox();
        if (!stage) throw new Error('There is no stage');
        const fits = async (): Promise<boolean> => {
          const boxes = await session.page.getByTestId('tile').evaluateAll((tiles) =>
            tiles.map((element) => {
              const { left, top, right, bottom } = element.getBoundingClientRect();
              return { left, top, right, bottom };
            }),
          );
          const inside = boxes.every(
            (box) =>
              box.right - box.left > 50 &&
              box.left >= stage.x - 1 &&
              box.top >= stage.y - 1 &&
              box.right <= stage.x + stage.width + 1 &&
              box.bottom <= stage.y + stage.height + 1,
          );
          const apart = boxes.every((box, index) =>
            boxes
              .slice(index + 1)
              .every(
                (other) =>
                  other.left >= box.right ||
                  other.right <= box.left ||
                  other.top >= box.bottom ||
                  other.bottom <= box.top,
              ),
          );
          return inside && apart;
        };
        await expect.poll(fits).toBe(true);
      }
    },
  );

  it('MC-3 shows who is there, who speaks, who is muted and who shows no picture', async () => {
    await session.enter(4);
    expect(await session.tile('Ada Lovelace').getAttribute('data-self')).toBe('true');
    expect(await session.tile('Grace Hopper').getAttribute('data-speaking')).toBe('true');
    expect(await session.tile('Grace Hopper').getByTestId('tile-muted').count()).toBe(0);
    expect(await session.tile('Edsger Dijkstra').getByTestId('tile-muted').count()).toBe(1);
    expect(await session.tile('Edsger Dijkstra').getByTestId('tile-name').textContent()).toBe(
      'Edsger Dijkstra',
    );
    expect(await session.tile('Barbara Liskov').getAttribute('data-video')).toBe('false');
    expect(await session.tile('Barbara Liskov').locator('.avatar').textContent()).toBe('BL');
    expect(await session.page.getByTestId('participant-count').textContent()).toBe('4');
    expect(await session.page.getByTestId('connection-state').textContent()).toBe('Connected');
    await session.page.evaluate(() => globalThis.fakeMeeting?.setState('connecting'));
    await expect.poll(() => session.page.getByTestId('connection-state').textContent()).toBe('Connecting…');
    await session.page.evaluate(() => globalThis.fakeMeeting?.setState('reconnecting'));
    await expect.poll(() => session.page.getByTestId('connection-state').textContent()).toBe('Reconnecting…');
  });

  it('SFU-4 enlarges a tile by double click, by key and by button, and asks for the picture that it needs', async () => {
    await session.page.setViewportSize(DESKTOP);
    await session.enter(4);
    const grace = session.tile('Grace Hopper');
    const button = grace.getByRole('button', { name: 'Enlarge Grace Hopper' });
    const shown = (userId: number) =>
      session.page.evaluate((id) => globalThis.fakeMeeting?.shownHeights.get(id) ?? 0, userId);
    const isLarge = async (): Promise<boolean> => {
      const pressed = (await button.getAttribute('aria-pressed')) === 'true';
      const larger = (await shown(2)) > 2 * (await shown(3));
      return pressed && larger;
    };
    expect(await isLarge()).toBe(false);
    await grace.dblclick();
    await expect.poll(isLarge).toBe(true);
    const boxOf = async (name: string) => await session.tile(name).boundingBox();
    const large = await boxOf('Grace Hopper');
    for (const name of ['Ada Lovelace', 'Edsger Dijkstra', 'Barbara Liskov'])
      expect((await boxOf(name))?.y).toBeGreaterThanOrEqual((large?.y ?? 0) + (large?.height ?? 0));
    await grace.dblclick();
    await expect.poll(isLarge).toBe(false);
    await button.focus();
    await session.page.keyboard.press('Enter');
    await expect.poll(isLarge).toBe(true);
    await session.page.keyboard.press('Space');
    await expect.poll(isLarge).toBe(false);
    await button.click();
    await expect.poll(isLarge).toBe(true);
    await session.page.keyboard.press('Escape');
    await expect.poll(isLarge).toBe(false);
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('shows everyone alike again when who was enlarged has left, and enlarges nobody who is alone', async () => {
    await session.enter(2);
    await session.tile('Grace Hopper').getByTestId('tile-enlarge').click();
    await expect.poll(() => session.page.locator('.grid').getAttribute('data-enlarged')).toBe('true');
    await session.page.evaluate(() => globalThis.fakeMeeting?.remove(2));
    await expect.poll(() => session.page.locator('.grid').getAttribute('data-enlarged')).toBe('false');
    expect(await session.page.getByTestId('tile-enlarge').count()).toBe(0);
  });

  it('MH-5 says that the connection is weak while pictures are smaller for it', async () => {
    await session.enter(2);
    const text = () => session.page.getByTestId('connection-state').textContent();
    await session.page.evaluate(() => globalThis.fakeMeeting?.setLimited(true));
    await expect.poll(text).toBe('Weak connection');
    await session.page.evaluate(() => globalThis.fakeMeeting?.setLimited(false));
    await expect.poll(text).toBe('Connected');
  });

  it('mirrors the self view alone', async () => {
    await session.enter(2);
    const transform = (name: string) =>
      session
        .tile(name)
        .getByTestId('tile-canvas')
        .evaluate((canvas) => getComputedStyle(canvas).transform);
    expect(await transform('Ada Lovelace')).toBe('matrix(-1, 0, 0, 1, 0, 0)');
    expect(await transform('Grace Hopper')).toBe('none');
  });

  it('MC-3 adds and removes tiles as people come and go, says so, and lets go of their pictures', async () => {
    await session.enter(2);
    const userId = await session.page.evaluate(() =>
      globalThis.fakeMeeting?.add({ displayName: 'Alan Turing' }),
    );
    await session.tile('Alan Turing').waitFor();
    await expect.poll(() => session.toasts()).toEqual(['Alan Turing joined']);
    expect(await session.page.locator('[aria-live="polite"]').count()).toBe(1);
    await session.page.evaluate((id) => globalThis.fakeMeeting?.remove(id ?? 0), userId);
    await expect.poll(() => session.tile('Alan Turing').count()).toBe(0);
    await expect.poll(() => session.toasts()).toContain('Alan Turing left');
    expect(await session.page.evaluate(() => [...(globalThis.fakeMeeting?.attached ?? [])])).toEqual([1, 2]);
  });

  it('turns devices on and off by button and by key, but not while typing', async () => {
    await session.enter(1);
    const state = (id: string) => session.page.getByTestId(id).getAttribute('data-on');
    await session.page.getByTestId('toggle-mic').click();
    await expect.poll(() => state('toggle-mic')).toBe('false');
    await session.tile('Ada Lovelace').getByTestId('tile-muted').waitFor();
    await session.page.keyboard.press('m');
    await expect.poll(() => state('toggle-mic')).toBe('true');
    await session.page.keyboard.press('v');
    await expect.poll(() => state('toggle-cam')).toBe('false');
    expect(await session.tile('Ada Lovelace').getAttribute('data-video')).toBe('false');
    await session.page.keyboard.press('Control+m');
    await session.page.getByTestId('invite-link').focus();
    await session.page.keyboard.press('m');
    await session.page.keyboard.press('v');
    await session.page.keyboard.press('s');
    expect([await state('toggle-mic'), await state('toggle-cam')]).toEqual(['true', 'false']);
    expect(await session.page.getByTestId('tile-stats').count()).toBe(0);
  });

  it('shows a device problem and goes on', async () => {
    await session.enter(2);
    await session.page.evaluate(() => {
      globalThis.fakeMeeting?.reportDevice({ device: 'camera', message: 'The camera was unplugged' });
      if (globalThis.fakeMeeting) globalThis.fakeMeeting.deviceError = new Error('busy');
    });
    await expect.poll(() => session.toasts()).toEqual(['The camera was unplugged']);
    await session.page.getByTestId('toggle-mic').click();
    await session.page.getByTestId('toggle-mic').click();
    await expect
      .poll(() => session.toasts())
      .toContainEqual(expect.stringContaining('microphone could not be switched'));
    expect(await session.page.getByTestId('tile').count()).toBe(2);
  });

  it('shows figures on every tile, a dash for what is not known, and hides them again', async () => {
    await session.enter(3);
    await session.page.keyboard.press('s');
    await expect.poll(() => session.page.getByTestId('tile-stats').count()).toBe(3);
    const own = await session.tile('Ada Lovelace').getByTestId('tile-stats').innerText();
    for (const figure of ['550 kbit/s', '32 kbit/s', '0 %', '18 ms', '25 fps', '640 × 360', '43 ms', 'VP8']) {
      expect(own).toContain(figure);
    }
    expect(await session.tile('Grace Hopper').locator('dd').allTextContents()).toEqual(Array(8).fill('–'));
    await session.page.getByTestId('stats-toggle').click();
    await expect.poll(() => session.page.getByTestId('tile-stats').count()).toBe(0);
  });

  it('copies the link, or shows it where the browser does not allow that', async () => {
    await session.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await session.enter(1);
    await session.page.getByTestId('copy-link').click();
    await expect
      .poll(() => session.page.evaluate(() => navigator.clipboard.readText()))
      .toBe(`${session.url}/m/abc`);
    await expect.poll(() => session.toasts()).toEqual(['Meeting link copied']);
    await session.page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await session.page.getByTestId('invite-copy').click();
    await expect.poll(() => session.toasts()).toContainEqual(expect.stringContaining(`${session.url}/m/abc`));
  });

  it('MC-3 leaves when the tab goes elsewhere', async () => {
    await session.enter(2);
    const left = session.page.waitForEvent('console', (message) => message.text() === 'left');
    await session.page.evaluate(() => {
      const client = globalThis.fakeMeeting;
      if (client) client.leave = async () => console.info('left');
    });
    await session.page.goto('about:blank');
    await left;
  });

  it('gives every button a name', async () => {
    await session.enter(1);
    const names = await session.page
      .getByRole('button')
      .evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent ?? ''),
      );
    expect(names.length).toBeGreaterThanOrEqual(6);
    expect(names.filter((name) => name.trim() === '')).toEqual([]);
  });
});
