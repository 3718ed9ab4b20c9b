import { describe, expect, it, onTestFinished } from 'vitest';
import { Room } from '../../../../client/core/Room.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';

describe('a room', () => {
  it('GC-19 asks everything as part of one trace', async () => {
    const meeting = new LoopbackMeeting();
    const headers: (string | null)[] = [];
    const room = await Room.join({
      apiUrl: 'https://api.test',
      meetingId: 'demo',
      displayName: 'Ada',
      fetch: (url, init) => {
        headers.push(new Headers(init.headers).get('traceparent'));
        return meeting.fetch(url, init);
      },
      transport: meeting.transport,
    });
    onTestFinished(() => room.leave());
    expect(headers[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    const join = meeting.signaling.sessions[0]?.messages.find(({ payload }) => payload === 'join');
    expect(join?.join?.traceparent).toBe(headers[0]);
  });
});
