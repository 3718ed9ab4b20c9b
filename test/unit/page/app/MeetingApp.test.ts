import { describe, expect, it } from 'vitest';
import { ApiClient, type Fetch } from '../../../../client/core/index.ts';
import {
  JoinError,
  type JoinMeetingOptions,
  type MeetingClient,
} from '../../../../client/media/MeetingClient.ts';
import { Hosted } from '../../../../client/page/app/Hosted.ts';
import { MeetingApp } from '../../../../client/page/app/MeetingApp.ts';
import { PageAddress } from '../../../../client/page/app/PageAddress.ts';
import type { PreferenceStorage } from '../../../../client/page/app/Preferences.ts';
import { UserSession } from '../../../../client/page/app/UserSession.ts';
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
    replaceState: (_state: unknown, _title: string, path: string) => {
      this.entries.splice(-1, 1, new URL(path, this.location));
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

  /** A link with the same path, behind another `#`. */
  follow(hash: string): void {
    this.entries.push(new URL(hash, this.location));
    this.dispatchEvent(new Event('popstate'));
  }

  back(): void {
    this.entries.pop();
    this.dispatchEvent(new Event('popstate'));
  }
}

interface Setup {
  readonly path?: string;
  readonly join?: (options: JoinMeetingOptions) => Promise<MeetingClient>;
  readonly fetch?: Fetch;
  readonly storage?: PreferenceStorage;
}

function setUp({ path = '/', join, fetch, storage }: Setup = {}) {
  const user = new UserSession();
  const window = new FakeWindow(path);
  const joins: JoinMeetingOptions[] = [];
  const clients: FakeMeetingClient[] = [];
  const app = new MeetingApp({
    apiUrl: API,
    missingFeatures: () => [],
    api: new ApiClient({
      apiUrl: API,
      fetch: fetch ?? (async () => Response.json(NEW_MEETING, { status: 201 })),
    }),
    address: new PageAddress(window as unknown as Window),
    user,
    hosted: new Hosted(storage),
    joinMeeting:
      join ??
      (async (options) => {
        joins.push(options);
        const client = new FakeMeetingClient(options, []);
        clients.push(client);
        return client;
      }),
  });
  return { app, window, joins, clients, user };
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
    const { app, window, joins, user } = setUp();
    await app.joinMeeting('abc', SETTINGS);
    expect(joins).toEqual([{ apiUrl: API, meetingId: 'abc', ...SETTINGS, userToken: user.userToken }]);
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

describe('whoever made a meeting in this browser', () => {
  const storageWith = (stored: Record<string, string> = {}): PreferenceStorage => ({
    getItem: (key) => stored[key] ?? null,
    setItem: (key, value) => {
      stored[key] = value;
    },
  });

  it('MC-10 joins it as its host, also after a reload, and any other as anybody else', async () => {
    const storage = storageWith();
    const first = setUp({ storage });
    await first.app.startMeeting(SETTINGS);
    await first.app.joinMeeting('other', SETTINGS);
    const second = setUp({ storage });
    await second.app.joinMeeting('new-one', SETTINGS);
    expect([...first.joins, ...second.joins].map(({ meetingId, role }) => [meetingId, role])).toEqual([
      ['new-one', 'host'],
      ['other', undefined],
      ['new-one', 'host'],
    ]);
  });

  it('MC-10 GC-15 joins as anybody else when the server says that it is no host', async () => {
    const storage = storageWith({ 'dark-tower.hosted': '["abc"]' });
    const roles: unknown[] = [];
    const { app } = setUp({
      storage,
      join: async (options) => {
        roles.push(options.role);
        if (options.role === 'host') throw new JoinError('unauthorized', 'No host');
        return new FakeMeetingClient(options, []);
      },
    });
    await app.joinMeeting('abc', SETTINGS);
    expect([roles, screenOf(app)]).toEqual([['host', undefined], 'meeting']);
    expect(storage.getItem('dark-tower.hosted')).toBe('[]');
  });

  it('MC-10 is nobody special where the browser keeps nothing, or something else', () => {
    for (const stored of ['{', '{}', '[1]', 'null']) {
      const hosted = new Hosted(storageWith({ 'dark-tower.hosted': stored }));
      expect(hosted.has('abc')).toBe(false);
    }
    const hosted = new Hosted(undefined);
    for (let index = 0; index <= 50; index++) hosted.add(`m${index}`);
    expect([hosted.has('m0'), hosted.has('m1'), hosted.has('m50')]).toEqual([false, true, true]);
  });
});

describe('somebody whom a host mutes', () => {
  it('MC-10 finds the device off, and turns it on again by themselves when the host lets them', async () => {
    const { app, clients } = setUp();
    await app.joinMeeting('abc', { ...SETTINGS, camera: true });
    const [client] = clients;
    client?.muteSelf('audio', true, 'Grace');
    await client?.startScreenShare();
    client?.muteSelf('video', true, 'Grace');
    expect([client?.microphoneOn, client?.cameraOn, client?.screenShareOn]).toEqual([false, false, false]);
    client?.muteSelf('audio', false);
    expect(client?.microphoneOn).toBe(false);
    expect(app.toasts.store.state.map(({ text }) => text)).toEqual([
      'You may speak again: turn your microphone on',
    ]);
  });
});

describe('a token', () => {
  it('GC-15 comes with the address, and is out of it at once', () => {
    const window = new FakeWindow('/m/abc?x=1#token=eyJ.a.b&role=host');
    const address = new PageAddress(window as unknown as Window);
    expect(address.takeHandover()).toEqual({ token: 'eyJ.a.b', role: 'host' });
    expect(window.entries.map(({ href }) => href)).toEqual([`${API}/m/abc?x=1`]);
    expect(address.takeHandover()).toEqual({ token: undefined, role: undefined });
  });

  it('GC-15 comes with a link that is followed within the page, and is out of its address at once', () => {
    const { user, window } = setUp({ path: '/m/abc#token=first' });
    expect(user.store.state.token).toBe('first');
    window.follow('#token=second');
    expect(user.store.state.token).toBe('second');
    expect(window.location.href).toBe(`${API}/m/abc`);
  });

  it('GC-15 makes nobody somebody else within a meeting', async () => {
    const { app, user, window } = setUp({ path: '/m/abc#token=first' });
    await app.joinMeeting('abc', SETTINGS);
    window.follow('#token=second');
    expect([screenOf(app), user.store.state.token]).toEqual(['meeting', 'first']);
    expect(window.location.href).toBe(`${API}/m/abc`);
  });

  it('GC-15 is shown until the server refuses it, and then asked for', async () => {
    const user = new UserSession();
    user.signIn('stale');
    const shown: unknown[] = [];
    const api = new ApiClient({
      apiUrl: API,
      userToken: user.userToken,
      fetch: async (_url, init) => {
        const authorization = new Headers(init.headers).get('authorization');
        shown.push(authorization);
        return authorization === 'Bearer fresh'
          ? Response.json(NEW_MEETING, { status: 201 })
          : Response.json({ error: { code: 'UNAUTHORIZED', message: 'x', details: {} } }, { status: 401 });
      },
    });
    await expect(api.createMeeting()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(user.store.state).toEqual({ token: undefined, refused: true });
    user.signIn('fresh');
    await api.createMeeting();
    expect([shown, user.isSignedIn]).toEqual([['Bearer stale', 'Bearer fresh'], true]);
  });

  it('GC-16 decides whether a new meeting lets guests in, where its maker says so', async () => {
    const bodies: unknown[] = [];
    const { app } = setUp({
      fetch: async (_url, init) => {
        bodies.push(JSON.parse(String(init.body)));
        return Response.json(NEW_MEETING, { status: 201 });
      },
    });
    await app.startMeeting(SETTINGS);
    await app.startMeeting({ ...SETTINGS, allowGuests: true });
    expect(bodies).toEqual([{}, { allow_guests: true }]);
  });
});
