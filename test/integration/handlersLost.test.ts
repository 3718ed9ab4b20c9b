// Media handlers that die whole, machine and all: nobody tells the controller, which finds out and asks for others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meetingListSchema } from '../../shared/api/meeting.ts';
import { type MeetingEventListBody, meetingEventListSchema } from '../../shared/api/meetingEvent.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { TalkingClients } from '../bench/failover/TalkingClients.ts';
import { Fleet } from '../support/Fleet.ts';

const MEETING = 'struck';
const HANDLERS = ['mh-1', 'mh-2', 'mh-3'];

let fleet: Fleet;
let clients: TalkingClients;

beforeAll(async () => {
  fleet = await Fleet.start([
    { id: 'mc-1', roles: 'controller' },
    ...HANDLERS.map((id, index) => ({ id, roles: 'handler' as const, zone: `local-${index}` })),
  ]);
  clients = new TalkingClients({ url: fleet.url, meetings: { [MEETING]: 3 } });
  await clients.until('flowing', MEETING);
});
afterAll(async () => {
  await clients?.stop().catch(() => undefined);
  await fleet?.stop();
});

async function events(): Promise<MeetingEventListBody['events']> {
  const list = meetingListSchema.parse(await (await fetch(fleet.url + gcPaths.meetings)).json());
  const answer = await fetch(fleet.url + gcPaths.meetingEvents(list.meetings[0]?.meeting_id ?? ''));
  return meetingEventListSchema.parse(await answer.json()).events;
}

function mediaPorts(...handlerIds: string[]): number[] {
  return handlerIds.flatMap((id) => fleet.node(id).workers.map(({ udpPort }) => udpPort));
}

describe('a meeting', () => {
  it('GC-11 MC-11 SFU-9 goes on at another media handler when all that it was given are killed', async () => {
    const assigned = (await events()).find(({ type }) => type === 'assigned');

    const ranked = (assigned?.media_handlers ?? []).map(({ handler_id }) => handler_id);
    expect(ranked).toHaveLength(2);
    for (const id of ranked) fleet.signal(id, 'SIGKILL');
    const { mediaPort, participants } = await clients.until('recovered', MEETING);
    const [spare = ''] = HANDLERS.filter((id) => !ranked.includes(id));
    expect(mediaPorts(spare)).toContain(mediaPort);
    expect(participants.map(({ userId, roster }) => [userId, ...roster].toSorted())).toEqual(
      Array.from({ length: 3 }, () => [1, 2, 3]),
    );
    const last = (await events()).at(-1);
    expect(last).toMatchObject({
      type: 'handlers_replaced',
      controller_id: 'mc-1',
      generation: 1,
      media_handlers: [{ handler_id: spare, role: 'PRIMARY' }],
    });
    expect(clients.events.filter(({ type }) => type === 'ended')).toEqual([]);
  });
});
