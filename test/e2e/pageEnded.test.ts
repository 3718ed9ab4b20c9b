// The meeting page in a real Chromium, over a fake meeting: the end of a meeting.
import { describe, expect, it } from 'vitest';
import type { MeetingEnd } from '../../client/media/MeetingClient.ts';
import { NEW_MEETING_ID } from '../support/fakePageServer.ts';
import { usePageSession } from '../support/PageSession.ts';

const session = usePageSession();

async function end(meetingEnd: MeetingEnd): Promise<void> {
  await session.page.evaluate((value) => globalThis.fakeMeeting?.end(value), meetingEnd);
}

describe('the end of a meeting', () => {
  it('comes at once when one leaves, and rejoining takes one click', async () => {
    await session.enter(2);
    await session.page.getByTestId('leave').click();
    expect(await session.page.getByTestId('ended-message').textContent()).toBe('You left the meeting.');
    expect(await session.page.getByTestId('tile').count()).toBe(0);
    await session.page.getByTestId('rejoin').click();
    await expect.poll(() => session.page.getByTestId('tile').count()).toBe(2);
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
      await session.enter(2);
      await end({ code, message });
      expect(await session.page.getByTestId('ended-message').textContent()).toBe(`${message}.`);
      expect(await session.page.getByTestId('rejoin').count()).toBe(canRejoin ? 1 : 0);
      await session.page.getByTestId('new-meeting').click();
      await session.page.getByTestId('tile').first().waitFor();
      expect(new URL(session.page.url()).pathname).toBe(`/m/${NEW_MEETING_ID}`);
    },
  );

  it('MC-5 says why rejoining failed, and the way back to the start is open', async () => {
    await session.enter(2);
    await session.page.getByTestId('leave').click();
    await session.failJoins('ended');
    await session.page.getByTestId('rejoin').click();
    await expect.poll(() => session.page.getByTestId('lobby-error').textContent()).toContain('has ended');
    await session.page.getByTestId('home').click();
    await session.page.getByTestId('name').waitFor();
    expect(new URL(session.page.url()).pathname).toBe('/');
  });

  it('follows the browser back to the lobby', async () => {
    await session.open('/');
    await session.page.getByTestId('new-meeting').click();
    await session.page.getByTestId('tile').first().waitFor();
    await session.page.goBack();
    await session.page.getByTestId('name').waitFor();
    expect(await session.page.evaluate(() => globalThis.fakeMeeting?.leaveCalls)).toBe(1);
  });
});
