// The meeting page in a real Chromium, over a fake meeting: the lobby.
import { describe, expect, it } from 'vitest';
import { NEW_MEETING_ID } from '../support/fakePageServer.ts';
import { usePageSession } from '../support/PageSession.ts';

const session = usePageSession();

/** Text of the note that a field points to, or ''. */
async function errorOf(field: 'name' | 'meeting-id'): Promise<string> {
  const note = await session.page.getByTestId(field).getAttribute('aria-describedby');
  return note === null ? '' : ((await session.page.locator(`#${note}`).textContent()) ?? '');
}

describe('the lobby', () => {
  it('MC-2 asks for a name before anything else, at the field that misses it', async () => {
    await session.open('/', '   ');
    await session.page.getByTestId('new-meeting').click();
    expect(await errorOf('name')).toContain('Enter your name');
    await expect
      .poll(() => session.page.getByTestId('name').evaluate((input) => input === document.activeElement))
      .toBe(true);
    await session.page.getByTestId('name').fill('Ada');
    await expect.poll(() => session.page.getByTestId('lobby-error').count()).toBe(0);
  });

  it('GC-1 refuses what is no meeting id, and takes a pasted link', async () => {
    await session.open('/');
    await session.page.getByTestId('meeting-id').fill('what is this');
    await session.page.getByTestId('join').click();
    expect(await errorOf('meeting-id')).toContain('no meeting link or id');
    await session.page.getByTestId('meeting-id').fill('https://elsewhere.example/m/abc?x=1');
    await session.page.getByTestId('join').click();
    await session.page.getByTestId('tile').first().waitFor();
    expect(new URL(session.page.url()).pathname).toBe('/m/abc');
  });

  it('GC-14 starts a new meeting by keyboard alone: Enter in the name is enough', async () => {
    await session.page.goto(`${session.url}/`);
    await session.page.keyboard.type('Ada');
    await session.page.keyboard.press('Enter');
    await session.page.getByTestId('tile').first().waitFor();
    expect(new URL(session.page.url()).pathname).toBe(`/m/${NEW_MEETING_ID}`);
  });

  it('asks for a meeting when "Join" is pressed without one', async () => {
    await session.open('/');
    await session.page.getByTestId('join').click();
    expect(await errorOf('meeting-id')).toContain('start a new meeting');
  });

  it('GC-14 says at once that the meeting of a link does not exist or has ended', async () => {
    await session.open('/m/nowhere');
    await expect.poll(() => errorOf('meeting-id')).toContain('No meeting "nowhere"');
    await session.open('/m/over');
    await expect.poll(() => errorOf('meeting-id')).toContain('has ended');
  });

  it.each([
    ['not_found', 'meeting-id'],
    ['ended', 'meeting-id'],
    ['full', 'meeting-id'],
    ['no_capacity', 'form'],
    ['unreachable', 'form'],
    ['unauthorized', 'form'],
    ['unsupported', 'form'],
    ['failed', 'form'],
  ] as const)(
    'MC-5 says where it belongs why joining failed (%s at the %s), and lets one try again',
    async (code, place) => {
      await session.open('/m/abc');
      await session.failJoins(code);
      await session.page.getByTestId('join').click();
      const message = await session.page.getByTestId('lobby-error').textContent();
      expect(message).toMatch(/\w.*\.$/);
      if (place === 'meeting-id') expect(await errorOf('meeting-id')).toBe(message);
      else expect(await errorOf('meeting-id')).not.toBe(message);
      await session.failJoins(undefined);
      await session.page.getByTestId('join').click();
      await session.page.getByTestId('tile').first().waitFor();
    },
  );

  it('says so when the browser cannot hold meetings', async () => {
    await session.open('/?unsupported');
    expect(await session.page.getByTestId('lobby-error').textContent()).toContain(
      'MediaStreamTrackProcessor',
    );
    expect(await session.page.getByTestId('new-meeting').isDisabled()).toBe(true);
  });

  it('shows the camera and the level of the microphone, and gives both back when joining', async () => {
    await session.page.addInitScript(() => {
      const tracks: MediaStreamTrack[] = [];
      Object.assign(globalThis, { previewTracks: tracks });
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        const stream = await ask(constraints);
        tracks.push(...stream.getTracks());
        return stream;
      };
    });
    const live = () =>
      session.page.evaluate(
        () =>
          (globalThis as unknown as { previewTracks: MediaStreamTrack[] }).previewTracks.filter(
            (track) => track.readyState === 'live',
          ).length,
      );
    await session.open('/m/abc?wait');
    await session.page.locator('[data-testid="preview-video"][data-live="true"]').waitFor();
    await session.page.waitForFunction(() => {
      const bar = document.querySelector<HTMLElement>('[data-testid="level-bar"]');
      return Number(bar?.style.getPropertyValue('--level') ?? 0) > 0.2;
    });
    expect(await live()).toBe(2);
    await session.page.getByTestId('toggle-cam').click();
    await expect.poll(live).toBe(1);
    await session.page.getByTestId('join').click();
    await expect.poll(live).toBe(0);
    expect(await session.page.getByTestId('join').textContent()).toContain('Joining');
    expect(await session.page.getByTestId('join').isDisabled()).toBe(true);
    await session.page.evaluate(() => globalThis.releaseJoin?.());
    await session.page.getByTestId('tile').first().waitFor();
    expect(await session.page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('false');
    expect(await session.page.getByTestId('toggle-mic').getAttribute('data-on')).toBe('true');
  });

  it('says what to do about a blocked camera, and joins without it', async () => {
    await session.page.addInitScript(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        if (constraints?.video) throw new DOMException('blocked', 'NotAllowedError');
        return await ask(constraints);
      };
    });
    await session.open('/m/abc');
    await expect.poll(() => session.page.getByTestId('device-note').allTextContents()).toHaveLength(1);
    expect(await session.page.getByTestId('device-note').textContent()).toContain('Camera blocked. Allow it');
    expect(await session.page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('false');
    await session.page.getByTestId('join').click();
    await session.page.getByTestId('tile').first().waitFor();
    expect(await session.page.evaluate(() => globalThis.fakeMeeting?.cameraOn)).toBe(false);
    expect(await session.page.evaluate(() => globalThis.fakeMeeting?.microphoneOn)).toBe(true);
  });

  it('remembers name and devices for the next visit', async () => {
    await session.open('/', 'Grace');
    await session.page.getByTestId('toggle-mic').click();
    await session.page.getByTestId('new-meeting').click();
    await session.page.getByTestId('tile').first().waitFor();
    await session.page.goto(`${session.url}/`);
    expect(await session.page.getByTestId('name').inputValue()).toBe('Grace');
    expect(await session.page.getByTestId('toggle-mic').getAttribute('data-on')).toBe('false');
    expect(await session.page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('true');
  });
});
