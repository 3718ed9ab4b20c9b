// The meeting page over a fake meeting. The address says what it is like: ?people=4 (this one included), ?screens=1 (of the
// others, who share one), ?wait (joins wait
// for releaseJoin), ?unsupported (a browser that cannot). The globals let a test make things happen.
import { JoinError, ScreenShareError } from '../../client/media/MeetingClient.ts';
import { mountPage } from '../../client/page/mountPage.tsx';
import { FakeMeetingClient, type FakePerson } from './fakeMeetingClient.ts';

declare global {
  var fakeMeeting: FakeMeetingClient | undefined;
  /** The next joins fail with this code; undefined lets them pass. */
  var joinFailure: JoinError['code'] | undefined;
  /** Joins wait until this is called. */
  var releaseJoin: (() => void) | undefined;
  /** As the page's own code knows it. */
  var makeScreenShareError: (code: ScreenShareError['code'], message: string) => ScreenShareError;
}

const NAMES = [
  'Grace Hopper',
  'Edsger Dijkstra',
  'Barbara Liskov',
  'Radia Perlman',
  'Vinton Gray Cerf',
  'Jon Postel',
  'Margaret Hamilton',
  'Tim',
];
const FAILURES: Readonly<Record<JoinError['code'], string>> = {
  not_found: 'No meeting has this id: check it, or start a new one',
  ended: 'This meeting has ended: start a new one',
  full: 'This meeting is full: ask somebody to leave, or try again later',
  sign_in: 'This server asks who you are: sign in, then join',
  unauthorized: 'You may not join this meeting: ask for a new link',
  no_capacity: 'All servers are busy: try again in a minute',
  unreachable: 'The server cannot be reached: check your network connection, then try again',
  unsupported: 'This browser cannot hold meetings: use a current Chrome or Edge',
  failed: 'Joining failed: try again',
};

function person(index: number): FakePerson {
  const round = Math.floor(index / NAMES.length);
  return {
    displayName: `${NAMES[index % NAMES.length] ?? ''}${round > 0 ? ` ${round + 1}` : ''}`,
    video: index % 4 !== 2,
    muted: index % 3 === 1,
    speaking: index === 0,
    screen: index < screens,
  };
}

globalThis.makeScreenShareError = (code, message) => new ScreenShareError(code, message);

const query = new URLSearchParams(location.search);
const others = Number(query.get('people') ?? 1) - 1;
const screens = Number(query.get('screens') ?? 0);
const root = document.querySelector('#page');
if (!root) throw new Error('The page has no root');

mountPage({
  root,
  missingFeatures: () => (query.has('unsupported') ? ['MediaStreamTrackProcessor'] : []),
  joinMeeting: async (options) => {
    if (query.has('wait')) {
      await new Promise<void>((resolve) => {
        globalThis.releaseJoin = resolve;
      });
    }
    const { joinFailure } = globalThis;
    if (joinFailure) throw new JoinError(joinFailure, FAILURES[joinFailure]);
    const people = Array.from({ length: others }, (_, index) => person(index));
    const client = new FakeMeetingClient(options, people, 'Weekly planning');
    globalThis.fakeMeeting = client;
    return client;
  },
});
