import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../../../client/core/index.ts';
import {
  JoinError,
  type JoinMeetingOptions,
  type MeetingClient,
} from '../../../../client/media/MeetingClient.ts';
import { MeetingApp } from '../../../../client/page/app/MeetingApp.ts';
import { PageAddress } from '../../../../client/page/app/PageAddress.ts';
import { FakeMeetingClient } from '../../../support/fakeMeetingClient.ts';

const API = 'https://meet.example.org';
const SETTINGS = { displayName: 'Ada', microphone: true, camera: false };
const NEW_MEETING = {
  meeting_id: 'new-one',
  display_name: 'new-one',
  status: 'active',
  max_participants: 100,
  allow_guests: true,
  created_at: '2026-11-21T10:00:00.000Z',
};

/** As much of a window as an address needs: a history that one can go back in. */
class FakeWindow extends EventTarget {
  readonly entries: URL[];
  readonly history = {
    pushState: (_state: unknown, _title: string, path: string) => {
      this.entries.push(new URL(path, this.location));
    },
  };

  constructor(path: string) {
    super();
    this.entries = [new URL(path, API)];
  }

  get location(): URL {
    const url = this.entries.at(-1);
    if (!url) throw new Error('The history is empty');
    return url;
  }

  back(): void {
    this.entries.pop();
    this.dispatchEvent(new Event('popstate'));
  }
}

interface Setup {
  readonly path?: string;
  readonly join?: (options: JoinMeetingOptions) => Promise<MeetingClient>;
  readonly fetch?: () => Promise<Response>;
}

function setUp({ path = '/', join, fetch }: Setup = {}) {
  const window = new FakeWindow(path);
  const joins: JoinMeetingOptions[] = [];
  const clients: FakeMeetingClient[] = [];
  const app = new MeetingApp({
    apiUrl: API,
    isSupported: () => true,
    api: new ApiClient({
      apiUrl: API,
      fetch: fetch ?? (async () => Response.json(NEW_MEETING, { status: 201 })),
    }),
    address: new PageAddress(window as unknown as Window),
    joinMeeting:
      join ??
      (async (options) => {
        joins.push(options);
        const client = new FakeMeetingClient(options, []);
        clients.push(client);
        return client;
      }),
  });
  return { app, window, joins, clients };
}

function screenOf(app: MeetingApp): string {
  return app.store.state.screen.kind;
}

describe('MeetingApp', () => {
  it.each([
    ['/', ''],
    ['/m/abc', 'abc'],
    ['/?meeting=abc', 'abc'],
    ['/m/not%20an%20id', ''],
  ])('opens %s in the lobby of the meeting %j', (path, meetingId) => {
    expect(setUp({ path }).app.store.state.screen).toEqual({ kind: 'lobby', meetingId });
  });

  it('MC-2 joins with what the person chose and shows the meeting in the address', async () => {
    const { app, window, joins } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    expect(joins).toEqual([{ apiUrl: API, meetingId: 'abc', ...SETTINGS }]);
    expect(app.store.state.screen).toMatchObject({ kind: 'meeting', link: `${API}/m/abc` });
    expect(window.location.pathname).toBe('/m/abc');
  });

  it('GC-14 makes a meeting first when a new one is wanted', async () => {
    const { app, joins } = setUp();
    await app.startMeeting(SETTINGS);
    expect(joins[0]?.meetingId).toBe('new-one');
  });

  it('GC-14 stays in the lobby and says why when no meeting can be made', async () => {
    const { app } = setUp({ fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
    await app.startMeeting(SETTINGS);
    expect(app.store.state).toMatchObject({
      screen: { kind: 'lobby' },
      joining: false,
      problem: { code: 'unreachable' },
    });
  });

  it('MC-5 stays in the lobby and says why when joining is refused', async () => {
    const { app } = setUp({ join: () => Promise.reject(new JoinError('full', 'This meeting is full')) });
    await app.joinMeeting('abc', SETTINGS);
    expect(app.store.state).toMatchObject({
      screen: { kind: 'lobby' },
      joining: false,
      problem: { code: 'full', message: 'This meeting is full' },
    });
  });

  it('joins once however often the button is pressed', async () => {
    const { app, joins } = setUp();
    await Promise.all([app.joinMeeting('abc', SETTINGS), app.joinMeeting('abc', SETTINGS)]);
    expect(joins).toHaveLength(1);
  });

  it('leaves a meeting that answers after the person has gone back', async () => {
    const answer = Promise.withResolvers<MeetingClient>();
    const asked = Promise.withResolvers<void>();
    const join = (): Promise<MeetingClient> => {
      asked.resolve();
      return answer.promise;
    };
    const { app, window } = setUp({ path: '/m/abc', join });
    const joining = app.joinMeeting('abc', SETTINGS);
    await asked.promise;
    window.entries.unshift(new URL('/', API));
    window.back();
    const late = new FakeMeetingClient({ apiUrl: API, meetingId: 'abc', ...SETTINGS }, []);
    answer.resolve(late);
    await joining;
    expect(late.leaveCalls).toBe(1);
    expect(app.store.state).toMatchObject({ screen: { kind: 'lobby', meetingId: '' }, joining: false });
  });

  it('SFU-8 shows a notice of the meeting once', async () => {
    const { app, clients } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    const message = 'The media server is full: some people cannot be seen or heard.';
    clients[0]?.notify({ code: 'media_server_full', message });
    clients[0]?.notify({ code: 'media_server_full', message });
    expect(app.toasts.store.state).toMatchObject([{ tone: 'problem', text: message }]);
  });

  it('shows the end at once when the person leaves, and leaves once', async () => {
    const { app, clients } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    app.leave();
    app.leave();
    expect(clients[0]?.leaveCalls).toBe(1);
    expect(app.store.state.screen).toMatchObject({ kind: 'ended', end: { code: 'left' }, meetingId: 'abc' });
  });

  it('GC-13 shows why a meeting ended', async () => {
    const { app, clients } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    const end = { code: 'ended', message: 'The meeting has ended' } as const;
    clients[0]?.end(end);
    expect(app.store.state.screen).toMatchObject({ kind: 'ended', end });
    expect(app.client).toBeUndefined();
  });

  it('rejoins with the devices as they were at the end', async () => {
    const { app, clients, joins } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    await clients[0]?.setMicrophone(false);
    app.leave();
    await app.again('abc');
    expect(joins[1]).toEqual({ ...joins[0], microphone: false });
    expect(screenOf(app)).toBe('meeting');
  });

  it('leaves when the person goes back, and is in the lobby again', async () => {
    const { app, window, clients } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    window.back();
    expect(clients[0]?.leaveCalls).toBe(1);
    expect(app.store.state.screen).toEqual({ kind: 'lobby', meetingId: '' });
  });

  it('hears nothing more of a meeting that was left', async () => {
    const { app, clients } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    app.leave();
    await app.again('abc');
    clients[0]?.end({ code: 'lost', message: 'Lost' });
    expect(screenOf(app)).toBe('meeting');
  });
});
