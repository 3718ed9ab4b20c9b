// The meeting page in a real Chromium, over a fake meeting: what hosts do, what those see whom they mute, and who is asked
// for a token.
import { describe, expect, it } from 'vitest';
import { usePageSession } from '../support/PageSession.ts';

const session = usePageSession();

async function enterAsHost(people = 3): Promise<void> {
  await session.open(`/m/abc?people=${people}#role=host`);
  await session.page.getByTestId('join').click();
  await expect.poll(() => session.page.getByTestId('tile').count()).toBe(people);
}

const focused = (): Promise<string | null> =>
  session.page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? null);

describe('a host', () => {
  it('MC-10 has a menu on everybody else’s tile, and nobody else has one', async () => {
    await session.enter(3);
    expect(await session.page.getByTestId('host-menu').count()).toBe(0);
    await enterAsHost();
    expect(await session.page.getByTestId('host-menu').count()).toBe(2);
    expect(await session.tile('Ada Lovelace').getByTestId('host-menu').count()).toBe(0);
  });

  it('MC-10 mutes and lifts by keyboard alone: the menu opens, moves, closes and gives the focus back', async () => {
    await enterAsHost();
    const tile = session.tile('Grace Hopper');
    const button = tile.getByRole('button', { name: 'Host menu for Grace Hopper' });
    await button.focus();
    await session.page.keyboard.press('Enter');
    await expect.poll(focused).toBe('host-mute-audio');
    await expect.poll(() => button.getAttribute('aria-expanded')).toBe('true');
    await session.page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('host-mute-video');
    await session.page.keyboard.press('ArrowUp');
    await session.page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('host-remove');
    await session.page.keyboard.press('Escape');
    await expect.poll(focused).toBe('host-menu');
    await expect.poll(() => button.getAttribute('aria-expanded')).toBe('false');
    await session.page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('host-mute-audio');
    await session.page.keyboard.press('Enter');
    await tile.getByRole('img', { name: 'Muted by a host' }).waitFor();
    await expect.poll(focused).toBe('host-menu');
    await session.page.keyboard.press(' ');
    expect(await tile.getByTestId('host-mute-audio').textContent()).toBe('Allow to speak again');
    await session.page.keyboard.press('Enter');
    await expect.poll(() => tile.getByRole('img', { name: 'Muted by a host' }).count()).toBe(0);
  });

  it('MC-10 removes somebody only when it is asked and says so', async () => {
    await enterAsHost();
    const tile = session.tile('Grace Hopper');
    await tile.hover();
    await tile.getByTestId('host-menu').click();
    await tile.getByTestId('host-remove').click();
    const confirm = tile.getByTestId('host-remove-confirm');
    expect(await confirm.textContent()).toBe('Really remove Grace Hopper?');
    await session.page.mouse.click(5, 5);
    await expect.poll(() => confirm.count()).toBe(0);
    expect(await session.page.getByTestId('tile').count()).toBe(3);
    await tile.hover();
    await tile.getByTestId('host-menu').click();
    await tile.getByTestId('host-remove').click();
    await confirm.click();
    await expect.poll(() => session.page.getByTestId('tile').count()).toBe(2);
  });

  it('MC-10 finds the menu inside the window, however small the tile is', async () => {
    await session.page.setViewportSize({ width: 390, height: 700 });
    await enterAsHost(9);
    for (const name of ['Grace Hopper', 'Tim']) {
      const tile = session.tile(name);
      await tile.getByTestId('host-menu').focus();
      await session.page.keyboard.press('Enter');
      const box = await tile.getByRole('menu').boundingBox();
      expect(box).toMatchObject({
        x: expect.toSatisfy((x: number) => x >= 0 && x + (box?.width ?? 0) <= 390),
        y: expect.toSatisfy((y: number) => y >= 0 && y + (box?.height ?? 0) <= 700),
      });
      await session.page.keyboard.press('Escape');
    }
  });

  it('MC-10 is told in words when it could not be done', async () => {
    await enterAsHost();
    await session.page.evaluate(() => {
      const { fakeMeeting } = globalThis;
      if (fakeMeeting) fakeMeeting.hostError = new Error('broken');
    });
    await session.tile('Grace Hopper').getByTestId('host-menu').focus();
    await session.page.keyboard.press('Enter');
    await session.page.keyboard.press('Enter');
    await expect.poll(() => session.toasts()).toEqual(['That did not work. Try again.']);
  });
});

describe('somebody whom a host has muted', () => {
  it('MC-10 sees who did, cannot turn the microphone on, and is told when it may', async () => {
    await session.enter(2);
    const { page } = session;
    const mute = (muted: boolean): Promise<void> =>
      page.evaluate((on) => globalThis.fakeMeeting?.muteSelf('audio', on, 'Grace Hopper'), muted);
    await mute(true);
    const notice = page.getByTestId('host-mute-notice');
    const text = 'Grace Hopper muted you for everyone. Ask Grace Hopper to let you speak again.';
    await expect.poll(() => notice.textContent()).toBe(text);
    const microphone = page.getByTestId('toggle-mic');
    await expect.poll(() => microphone.getAttribute('data-on')).toBe('false');
    await page.keyboard.press('m');
    await expect.poll(() => session.toasts()).toEqual([text]);
    expect(await microphone.getAttribute('data-on')).toBe('false');
    await mute(false);
    await expect.poll(() => notice.isVisible()).toBe(false);
    await expect.poll(() => session.toasts()).toContain('You may speak again: turn your microphone on');
    await page.keyboard.press('m');
    await expect.poll(() => microphone.getAttribute('data-on')).toBe('true');
  });
});

describe('a server that asks who one is', () => {
  it('GC-15 gets a token from a field that appears then, which is gone with the page', async () => {
    const { page } = session;
    await session.open('/m/abc?people=2');
    expect(await page.getByTestId('access-token').count()).toBe(0);
    await session.failJoins('sign_in');
    await page.getByTestId('join').click();
    const field = page.getByTestId('access-token');
    await field.waitFor();
    await page.getByTestId('join').click();
    await page.getByText('Enter the access token that your organisation gave you').waitFor();
    await session.failJoins(undefined);
    await field.fill('eyJ.a.b');
    await page.getByTestId('join').click();
    await expect.poll(() => page.getByTestId('tile').count()).toBe(2);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
      'eyJ',
    );
  });

  it('GC-15 gets it from an application that hands it over behind the #, which leaves the address at once', async () => {
    const { page } = session;
    const claims = Buffer.from(JSON.stringify({ sub: 'u-1', name: 'Ada Lovelace' })).toString('base64url');
    await session.open(`/#token=e30.${claims}.c2ln`);
    expect(page.url()).toBe(`${session.url}/`);
    expect(await page.getByTestId('signed-in').textContent()).toBe(
      'You are signed in as Ada Lovelace. Not you? Reload this page.',
    );
    await page.getByLabel('Anybody with the link may join, without a token').waitFor();
  });
});
