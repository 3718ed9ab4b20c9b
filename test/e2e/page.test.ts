// The meeting page in a real Chromium, over a fake meeting: what a person sees and can do, whatever the servers do.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JoinError, MeetingEnd } from '../../client/media/MeetingClient.ts';
import { launchChromium } from '../support/browser.ts';
import type {} from '../support/fakePage.ts';
import { type FakePageServer, NEW_MEETING_ID, startFakePageServer } from '../support/fakePageServer.ts';

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

let server: FakePageServer;
let browser: Browser;
let page: Page;
let problems: string[] = [];

beforeAll(async () => {
  [server, browser] = await Promise.all([startFakePageServer(), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  problems = [];
  page = await newPage();
});

afterEach(async () => {
  await page.context().close();
  expect(problems).toEqual([]);
});

async function newPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP });
  const created = await context.newPage();
  created.on('pageerror', (error) => problems.push(error.message));
  created.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) problems.push(message.text());
  });
  return created;
}

async function open(path: string, name = 'Ada Lovelace'): Promise<void> {
  await page.goto(server.url + path);
  await page.getByTestId('name').fill(name);
}

async function enter(people: number): Promise<void> {
  await open(`/m/abc?people=${people}`);
  await page.getByTestId('join').click();
  await expect.poll(() => page.getByTestId('tile').count()).toBe(people);
}

async function failJoins(code: JoinError['code'] | undefined): Promise<void> {
  await page.evaluate((failure) => {
    globalThis.joinFailure = failure;
  }, code);
}

async function end(meetingEnd: MeetingEnd): Promise<void> {
  await page.evaluate((value) => globalThis.fakeMeeting?.end(value), meetingEnd);
}

function tile(name: string) {
  return page.locator(`[data-testid="tile"][data-display-name="${name}"]`);
}

/** Text of the note that a field points to, or ''. */
async function errorOf(field: 'name' | 'meeting-id'): Promise<string> {
  const note = await page.getByTestId(field).getAttribute('aria-describedby');
  return note === null ? '' : ((await page.locator(`#${note}`).textContent()) ?? '');
}

describe('the lobby', () => {
  it('MC-2 asks for a name before anything else, at the field that misses it', async () => {
    await open('/', '   ');
    await page.getByTestId('new-meeting').click();
    expect(await errorOf('name')).toContain('Enter your name');
    await expect
      .poll(() => page.getByTestId('name').evaluate((input) => input === document.activeElement))
      .toBe(true);
    await page.getByTestId('name').fill('Ada');
    await expect.poll(() => page.getByTestId('lobby-error').count()).toBe(0);
  });

  it('GC-1 refuses what is no meeting id, and takes a pasted link', async () => {
    await open('/');
    await page.getByTestId('meeting-id').fill('what is this');
    await page.getByTestId('join').click();
    expect(await errorOf('meeting-id')).toContain('no meeting link or id');
    await page.getByTestId('meeting-id').fill('https://elsewhere.example/m/abc?x=1');
    await page.getByTestId('join').click();
    await page.getByTestId('tile').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/m/abc');
  });

  it('GC-14 starts a new meeting by keyboard alone: Enter in the name is enough', async () => {
    await page.goto(`${server.url}/`);
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await page.getByTestId('tile').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/m/${NEW_MEETING_ID}`);
  });

  it('asks for a meeting when "Join" is pressed without one', async () => {
    await open('/');
    await page.getByTestId('join').click();
    expect(await errorOf('meeting-id')).toContain('start a new meeting');
  });

  it('GC-14 says at once that the meeting of a link does not exist or has ended', async () => {
    await open('/m/nowhere');
    await expect.poll(() => errorOf('meeting-id')).toContain('No meeting "nowhere"');
    await open('/m/over');
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
      await open('/m/abc');
      await failJoins(code);
      await page.getByTestId('join').click();
      const message = await page.getByTestId('lobby-error').textContent();
      expect(message).toMatch(/\w.*\.$/);
      if (place === 'meeting-id') expect(await errorOf('meeting-id')).toBe(message);
      else expect(await errorOf('meeting-id')).not.toBe(message);
      await failJoins(undefined);
      await page.getByTestId('join').click();
      await page.getByTestId('tile').first().waitFor();
    },
  );

  it('says so when the browser cannot hold meetings', async () => {
    await open('/?unsupported');
    expect(await page.getByTestId('lobby-error').textContent()).toContain('WebTransport');
    expect(await page.getByTestId('new-meeting').isDisabled()).toBe(true);
  });

  it('shows the camera and the level of the microphone, and gives both back when joining', async () => {
    await page.addInitScript(() => {
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
      page.evaluate(
        () =>
          (globalThis as unknown as { previewTracks: MediaStreamTrack[] }).previewTracks.filter(
            (track) => track.readyState === 'live',
          ).length,
      );
    await open('/m/abc?wait');
    await page.locator('[data-testid="preview-video"][data-live="true"]').waitFor();
    await page.waitForFunction(() => {
      const bar = document.querySelector<HTMLElement>('[data-testid="level-bar"]');
      return Number(bar?.style.getPropertyValue('--level') ?? 0) > 0.2;
    });
    expect(await live()).toBe(2);
    await page.getByTestId('toggle-cam').click();
    await expect.poll(live).toBe(1);
    await page.getByTestId('join').click();
    await expect.poll(live).toBe(0);
    expect(await page.getByTestId('join').textContent()).toContain('Joining');
    expect(await page.getByTestId('join').isDisabled()).toBe(true);
    await page.evaluate(() => globalThis.releaseJoin?.());
    await page.getByTestId('tile').first().waitFor();
    expect(await page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('false');
    expect(await page.getByTestId('toggle-mic').getAttribute('data-on')).toBe('true');
  });

  it('says what to do about a blocked camera, and joins without it', async () => {
    await page.addInitScript(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        if (constraints?.video) throw new DOMException('blocked', 'NotAllowedError');
        return await ask(constraints);
      };
    });
    await open('/m/abc');
    await expect.poll(() => page.getByTestId('device-note').allTextContents()).toHaveLength(1);
    expect(await page.getByTestId('device-note').textContent()).toContain('Camera blocked. Allow it');
    expect(await page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('false');
    await page.getByTestId('join').click();
    await page.getByTestId('tile').first().waitFor();
    expect(await page.evaluate(() => globalThis.fakeMeeting?.cameraOn)).toBe(false);
    expect(await page.evaluate(() => globalThis.fakeMeeting?.microphoneOn)).toBe(true);
  });

  it('remembers name and devices for the next visit', async () => {
    await open('/', 'Grace');
    await page.getByTestId('toggle-mic').click();
    await page.getByTestId('new-meeting').click();
    await page.getByTestId('tile').first().waitFor();
    await page.goto(`${server.url}/`);
    expect(await page.getByTestId('name').inputValue()).toBe('Grace');
    expect(await page.getByTestId('toggle-mic').getAttribute('data-on')).toBe('false');
    expect(await page.getByTestId('toggle-cam').getAttribute('data-on')).toBe('true');
  });
});

describe('a meeting', () => {
  it.each([1, 2, 3, 5, 9, 49])(
    'fits %i tiles on the stage, none over another, none cut off',
    async (people) => {
      for (const viewport of people > 9 ? [DESKTOP] : [DESKTOP, PHONE]) {
        await page.setViewportSize(viewport);
        await enter(people);
        const stage = await page.locator('.stage').boundingBox();
        if (!stage) throw new Error('There is no stage');
        const fits = async (): Promise<boolean> => {
          const boxes = await page.getByTestId('tile').evaluateAll((tiles) =>
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
    await enter(4);
    expect(await tile('Ada Lovelace').getAttribute('data-self')).toBe('true');
    expect(await tile('Grace Hopper').getAttribute('data-speaking')).toBe('true');
    expect(await tile('Grace Hopper').getByTestId('tile-muted').count()).toBe(0);
    expect(await tile('Edsger Dijkstra').getByTestId('tile-muted').count()).toBe(1);
    expect(await tile('Edsger Dijkstra').getByTestId('tile-name').textContent()).toBe('Edsger Dijkstra');
    expect(await tile('Barbara Liskov').getAttribute('data-video')).toBe('false');
    expect(await tile('Barbara Liskov').locator('.avatar').textContent()).toBe('BL');
    expect(await page.getByTestId('participant-count').textContent()).toBe('4');
    expect(await page.getByTestId('connection-state').textContent()).toBe('Connected');
    await page.evaluate(() => globalThis.fakeMeeting?.setState('connecting'));
    await expect.poll(() => page.getByTestId('connection-state').textContent()).toBe('Connecting…');
  });

  it('mirrors the self view alone', async () => {
    await enter(2);
    const transform = (name: string) =>
      tile(name)
        .getByTestId('tile-canvas')
        .evaluate((canvas) => getComputedStyle(canvas).transform);
    expect(await transform('Ada Lovelace')).toBe('matrix(-1, 0, 0, 1, 0, 0)');
    expect(await transform('Grace Hopper')).toBe('none');
  });

  it('MC-3 adds and removes tiles as people come and go, says so, and lets go of their pictures', async () => {
    await enter(2);
    const userId = await page.evaluate(() => globalThis.fakeMeeting?.add({ displayName: 'Alan Turing' }));
    await tile('Alan Turing').waitFor();
    await expect.poll(() => page.getByTestId('toast').allTextContents()).toEqual(['Alan Turing joined']);
    expect(await page.locator('[aria-live="polite"]').count()).toBe(1);
    await page.evaluate((id) => globalThis.fakeMeeting?.remove(id ?? 0), userId);
    await expect.poll(() => tile('Alan Turing').count()).toBe(0);
    await expect.poll(() => page.getByTestId('toast').allTextContents()).toContain('Alan Turing left');
    expect(await page.evaluate(() => [...(globalThis.fakeMeeting?.attached ?? [])])).toEqual([1, 2]);
  });

  it('turns devices on and off by button and by key, but not while typing', async () => {
    await enter(1);
    const state = (id: string) => page.getByTestId(id).getAttribute('data-on');
    await page.getByTestId('toggle-mic').click();
    await expect.poll(() => state('toggle-mic')).toBe('false');
    await tile('Ada Lovelace').getByTestId('tile-muted').waitFor();
    await page.keyboard.press('m');
    await expect.poll(() => state('toggle-mic')).toBe('true');
    await page.keyboard.press('v');
    await expect.poll(() => state('toggle-cam')).toBe('false');
    expect(await tile('Ada Lovelace').getAttribute('data-video')).toBe('false');
    await page.keyboard.press('Control+m');
    await page.getByTestId('invite-link').focus();
    await page.keyboard.press('m');
    await page.keyboard.press('v');
    await page.keyboard.press('s');
    expect([await state('toggle-mic'), await state('toggle-cam')]).toEqual(['true', 'false']);
    expect(await page.getByTestId('tile-stats').count()).toBe(0);
  });

  it('shows a device problem and goes on', async () => {
    await enter(2);
    await page.evaluate(() => {
      globalThis.fakeMeeting?.reportDevice({ device: 'camera', message: 'The camera was unplugged' });
      if (globalThis.fakeMeeting) globalThis.fakeMeeting.deviceError = new Error('busy');
    });
    await expect
      .poll(() => page.getByTestId('toast').allTextContents())
      .toEqual(['The camera was unplugged']);
    await page.getByTestId('toggle-mic').click();
    await page.getByTestId('toggle-mic').click();
    await expect
      .poll(() => page.getByTestId('toast').allTextContents())
      .toContainEqual(expect.stringContaining('microphone could not be switched'));
    expect(await page.getByTestId('tile').count()).toBe(2);
  });

  it('shows figures on every tile, a dash for what is not known, and hides them again', async () => {
    await enter(3);
    await page.keyboard.press('s');
    await expect.poll(() => page.getByTestId('tile-stats').count()).toBe(3);
    const own = await tile('Ada Lovelace').getByTestId('tile-stats').innerText();
    for (const figure of ['550 kbit/s', '32 kbit/s', '0 %', '18 ms', '25 fps', '640 × 360', '43 ms']) {
      expect(own).toContain(figure);
    }
    expect(await tile('Grace Hopper').locator('dd').allTextContents()).toEqual(Array(8).fill('–'));
    await page.getByTestId('stats-toggle').click();
    await expect.poll(() => page.getByTestId('tile-stats').count()).toBe(0);
  });

  it('copies the link, or shows it where the browser does not allow that', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await enter(1);
    await page.getByTestId('copy-link').click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/m/abc`);
    await expect.poll(() => page.getByTestId('toast').allTextContents()).toEqual(['Meeting link copied']);
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await page.getByTestId('invite-copy').click();
    await expect
      .poll(() => page.getByTestId('toast').allTextContents())
      .toContainEqual(expect.stringContaining(`${server.url}/m/abc`));
  });

  it('MC-3 leaves when the tab goes elsewhere', async () => {
    await enter(2);
    const left = page.waitForEvent('console', (message) => message.text() === 'left');
    await page.evaluate(() => {
      const client = globalThis.fakeMeeting;
      if (client) client.leave = async () => console.info('left');
    });
    await page.goto('about:blank');
    await left;
  });

  it('gives every button a name', async () => {
    await enter(1);
    const names = await page
      .getByRole('button')
      .evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent ?? ''),
      );
    expect(names.length).toBeGreaterThanOrEqual(6);
    expect(names.filter((name) => name.trim() === '')).toEqual([]);
  });
});

describe('the end of a meeting', () => {
  it('comes at once when one leaves, and rejoining takes one click', async () => {
    await enter(2);
    await page.getByTestId('leave').click();
    expect(await page.getByTestId('ended-message').textContent()).toBe('You left the meeting.');
    expect(await page.getByTestId('tile').count()).toBe(0);
    await page.getByTestId('rejoin').click();
    await expect.poll(() => page.getByTestId('tile').count()).toBe(2);
  });

  it.each([
    ['ended', 'The meeting was ended', false],
    ['removed', 'You were removed by the host', false],
    ['lost', 'The connection was lost', true],
    ['refused', 'You joined again from another tab', true],
    ['failed', 'The server failed', true],
  ] as const)(
    'GC-13 tells why (%s: %s) and offers to rejoin where that helps',
    async (code, message, canRejoin) => {
      await enter(2);
      await end({ code, message });
      expect(await page.getByTestId('ended-message').textContent()).toBe(`${message}.`);
      expect(await page.getByTestId('rejoin').count()).toBe(canRejoin ? 1 : 0);
      await page.getByTestId('new-meeting').click();
      await page.getByTestId('tile').first().waitFor();
      expect(new URL(page.url()).pathname).toBe(`/m/${NEW_MEETING_ID}`);
    },
  );

  it('MC-5 says why rejoining failed, and the way back to the start is open', async () => {
    await enter(2);
    await page.getByTestId('leave').click();
    await failJoins('ended');
    await page.getByTestId('rejoin').click();
    await expect.poll(() => page.getByTestId('lobby-error').textContent()).toContain('has ended');
    await page.getByTestId('home').click();
    await page.getByTestId('name').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('follows the browser back to the lobby', async () => {
    await open('/');
    await page.getByTestId('new-meeting').click();
    await page.getByTestId('tile').first().waitFor();
    await page.goBack();
    await page.getByTestId('name').waitFor();
    expect(await page.evaluate(() => globalThis.fakeMeeting?.leaveCalls)).toBe(1);
  });
});
