// A controller that is taken for gone while it still serves: its meeting moves, and whoever it still has is sent after it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type UnreachableAnswer, unreachableAnswerSchema } from '../../shared/api/controllerNotice.ts';
import { joinAnswerSchema, meetingListSchema } from '../../shared/api/meeting.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { TalkingClients } from '../bench/failover/TalkingClients.ts';
import { Fleet } from '../support/Fleet.ts';

const MEETINGS = { told: 2, silenced: 2 };

let fleet: Fleet;
let clients: TalkingClients;

beforeAll(async () => {
  fleet = await Fleet.start([
    { id: 'mc-1', roles: 'controller' },
    { id: 'mh-1', roles: 'handler' },
  ]);
  clients = new TalkingClients({ url: fleet.url, meetings: MEETINGS });
  for (const name of Object.keys(MEETINGS)) await clients.until('flowing', name);
  await fleet.add({ id: 'mc-2', roles: 'controller' });
});
afterAll(async () => {
  await clients?.stop().catch(() => undefined);
  await fleet?.stop();
});

async function join(meetingId: string) {
  const answer = await fetch(fleet.url + gcPaths.joinMeeting(meetingId), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: 'Ada' }),
  });
  return joinAnswerSchema.parse(await answer.json());
}

async function reportUnreachable(meetingId: string, joinToken: string): Promise<UnreachableAnswer> {
  const answer = await fetch(fleet.url + gcPaths.unreachable(meetingId), {
    method: 'POST',
    headers: { authorization: `Bearer ${joinToken}` },
  });
  return unreachableAnswerSchema.parse(await answer.json());
}

/** Participants enough for a majority say that they cannot reach its controller; the meeting then has the other one. */
async function move(meetingId: string): Promise<void> {
  const tokens = [await join(meetingId), await join(meetingId)].map(({ join_token }) => join_token);
  const answers = [];
  for (const token of tokens) answers.push(await reportUnreachable(meetingId, token));
  expect(answers.map(({ outcome }) => outcome)).toEqual(['counted', 'moved']);
  expect((await join(meetingId)).meeting_controller_url).toContain(`:${portOf('mc-2')}/`);
}

function portOf(id: string): number | undefined {
  return fleet.node(id).workers[0]?.udpPort;
}

/** The clients name their meetings by themselves. */
async function meetingIds(): Promise<string[]> {
  const list = meetingListSchema.parse(await (await fetch(fleet.url + gcPaths.meetings)).json());
  return list.meetings.map(({ meeting_id }) => meeting_id);
}

const reasons = () => clients.events.flatMap((event) => (event.type === 'ended' ? [event.reason] : []));

describe('participants of a controller that is taken for gone', () => {
  it('MC-8 GC-17 are sent after their meeting: at once where it can be told, else when it is heard of again', async () => {
    const [first = '', second = ''] = await meetingIds();
    await move(first);
    await expect.poll(reasons, { timeout: 5_000 }).toHaveLength(2);
    // Its agent alone stands still: nobody can tell its worker anything, which goes on serving who is there.
    fleet.signal('mc-1', 'SIGSTOP', 'agent');
    try {
      await move(second);
      expect(reasons()).toHaveLength(2);
    } finally {
      fleet.signal('mc-1', 'SIGCONT', 'agent');
    }
    await expect.poll(reasons, { timeout: 45_000 }).toHaveLength(4);
    // Signaling and media are closed at the same time, a transport or its whole router: each may be first to say so, and a
    // client comes back after all of them.
    for (const reason of reasons())
      expect(reason).toMatch(/Meeting is served by another controller|Left the meeting|Meeting has ended/);
  });
});

describe('the one participant of a meeting whose controller is dead', () => {
  it('GC-17 is believed at once: nobody listens at its address', async () => {
    const meetingId = 'alone';
    const made = await fetch(fleet.url + gcPaths.meetings, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ meeting_id: meetingId }),
    });
    expect(made.status).toBe(201);
    const { join_token, meeting_controller_url } = await join(meetingId);
    const dead = ['mc-1', 'mc-2'].find((id) => meeting_controller_url.includes(`:${portOf(id)}/`)) ?? '';
    const spare = dead === 'mc-1' ? 'mc-2' : 'mc-1';
    expect(await reportUnreachable(meetingId, join_token)).toMatchObject({ outcome: 'counted', needed: 2 });
    fleet.signal(dead, 'SIGKILL');
    await expect
      .poll(async () => (await reportUnreachable(meetingId, join_token)).outcome, { timeout: 8_000 })
      .toBe('moved');
    expect((await join(meetingId)).meeting_controller_url).toContain(`:${portOf(spare)}/`);
  });
});
