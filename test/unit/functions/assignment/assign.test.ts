import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment } from '../../../../functions/assignment/Assignment.ts';
import type { MeetingId } from '../../../../shared/base/ids.ts';
import { verifyJoinToken } from '../../../../shared/token/joinToken.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import { ControlPlane, controllerRegistration, REGION } from '../support/ControlPlane.ts';

const MEETING = 'standup';
let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1', { zone: 'zone-a' });
  await plane.addHandler('mh-2', { zone: 'zone-b' });
  await plane.createMeeting(MEETING);
});

afterEach(async () => {
  await plane.stop();
});

async function find(): Promise<Assignment | undefined> {
  return (await plane.stores.meetings.get(MEETING as MeetingId))?.assignments[REGION];
}

async function record(): Promise<Assignment> {
  const found = await find();
  if (found === undefined) throw new Error('There is no assignment');
  return found;
}

async function claims(response: Response) {
  expect(response.status).toBe(200);
  const { join_token } = (await response.json()) as { join_token: string };
  const now = new Date(plane.clock.nowMs);
  const verified = await verifyJoinToken(join_token, keySetResolver(plane.signingKeys.publicKeys()), now);
  if (!verified.ok) throw new Error(verified.reason);
  return verified.value;
}

describe('the first join of a meeting', () => {
  it('GC-5 is given to a controller of its primary handler’s zone where controllers have the same room', async () => {
    for (const zone of ['zone-a', 'zone-b'])
      for (let i = 1; i <= 5; i++) await plane.addController(`mc-${i}-of-${zone}`, { zone });
    await plane.join(MEETING);
    const { controllerId, mediaHandlers } = await record();
    const zone = mediaHandlers[0]?.handlerId === 'mh-1' ? 'zone-a' : 'zone-b';
    expect(controllerId).toMatch(new RegExp(`-of-${zone}$`));
  });

  it('GC-6 asks a controller with both handlers, ranked, and then writes the record', async () => {
    await plane.addController('mc-1');
    plane.controllers.beforeAnswer = async () => {
      expect(await find()).toBe(undefined);
    };
    const token = await claims(await plane.join(MEETING));
    const [asked, ...more] = plane.controllers.asked;
    expect(more).toEqual([]);
    expect(asked?.request).toMatchObject({
      meeting_id: MEETING,
      generation: 1,
      config: { display_name: MEETING, max_participants: 100 },
    });
    expect(asked?.request.media_handlers.map(({ role }) => role)).toEqual(['PRIMARY', 'BACKUP']);
    expect(new Set(asked?.request.media_handlers.map(({ handler_id }) => handler_id))).toEqual(
      new Set(['mh-1', 'mh-2']),
    );
    expect(await record()).toMatchObject({ controllerId: 'mc-1', generation: 1, region: REGION });
    expect(token).toMatchObject({ meeting_id: MEETING, controller_id: 'mc-1', generation: 1, name: 'Ada' });
  });

  it('GC-15 gives each participant an id and a token of its own, for ten minutes', async () => {
    await plane.addController('mc-1');
    const first = await plane.join(MEETING);
    const body = (await first.clone().json()) as { expires_at: string };
    expect(Date.parse(body.expires_at) - plane.clock.nowMs).toBe(600_000);
    const tokens = [await claims(first), await claims(await plane.join(MEETING))];
    expect(tokens[0]?.sub).not.toBe(tokens[1]?.sub);
    expect(tokens[0]?.jti).not.toBe(tokens[1]?.jti);
  });

  it.each(['AT_CAPACITY', 'NODE_DRAINING', 'NODE_UNHEALTHY', 'fails'] as const)(
    'GC-6 asks another controller when one answers %s, and none twice',
    async (behaviour) => {
      await plane.addController('mc-1');
      await plane.addController('mc-2', { max_meetings: 1 });
      await plane.addController('mc-3');
      plane.controllers.behaviour.set('mc-1', behaviour).set('mc-3', behaviour);
      expect((await claims(await plane.join(MEETING))).controller_id).toBe('mc-2');
      const ids = plane.controllers.asked.map(({ controllerId }) => controllerId);
      expect(new Set(ids).size).toBe(ids.length);
      expect((await record()).controllerId).toBe('mc-2');
    },
  );

  it('GC-6 gives up after three controllers with 503 and Retry-After, and writes nothing', async () => {
    for (const id of ['mc-1', 'mc-2', 'mc-3', 'mc-4', 'mc-5']) {
      await plane.addController(id);
      plane.controllers.behaviour.set(id, id === 'mc-1' ? 'fails' : 'AT_CAPACITY');
    }
    const response = await plane.join(MEETING);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ error: { code: 'NO_CAPACITY', details: { asked: 3 } } });
    expect(plane.controllers.asked).toHaveLength(3);
    expect(await find()).toBe(undefined);
  });

  it.each([
    ['AT_CAPACITY', 'AT_CAPACITY', 'at capacity'],
    ['NODE_DRAINING', 'NODE_DRAINING', 'draining'],
    ['NODE_UNHEALTHY', 'NODE_UNHEALTHY', 'unhealthy'],
    ['fails', 'NO_ANSWER', 'not answering'],
  ] as const)('GC-4 tells what the only controller said: %s', async (behaviour, refusal, text) => {
    await plane.addController('mc-1');
    plane.controllers.behaviour.set('mc-1', behaviour);
    const response = await plane.join(MEETING);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: {
        message: `No meeting controller can take the meeting: none of 1 is free: 1 ${text}`,
        details: { refusals: { [refusal]: 1 } },
      },
    });
  });

  it('GC-4 says that no controller is there, or that no handler is free, and why', async () => {
    const without = await plane.join(MEETING);
    expect(without.status).toBe(503);
    expect(await without.json()).toMatchObject({
      error: { message: 'No meeting controller can take the meeting: none has reported lately' },
    });
    await plane.addController('mc-1');
    await plane.reportHandler('mh-1', { streams: 100 });
    await plane.reportHandler('mh-2', { health: 'DRAINING' });
    const full = await plane.join(MEETING);
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({
      error: {
        code: 'NO_CAPACITY',
        message: 'No media handler can take the meeting: none of 2 is free: 1 draining, 1 at capacity',
        details: { needed: 'media handler', considered: 2, excluded: { at_capacity: 1, draining: 1 } },
      },
    });
    expect(plane.controllers.asked).toEqual([]);
  });

  it('GC-9 takes no controller before its first full heartbeat, and none that has been silent for 30 s', async () => {
    await plane.post('/api/v1/meeting-controllers', controllerRegistration('mc-1'));
    expect((await plane.join(MEETING)).status).toBe(503);
    await plane.sendHeartbeat('mc-1');
    expect((await plane.join(MEETING)).status).toBe(503);
    await plane.sendHeartbeat('mc-1', { meetings: 0, participants: 0, cpu_ratio: 0 });
    plane.clock.advance(30_000);
    await plane.reportHandler('mh-1');
    expect((await plane.join(MEETING)).status).toBe(503);
    await plane.sendHeartbeat('mc-1');
    expect((await plane.join(MEETING)).status).toBe(200);
  });

  it('GC-3 takes no handler that has been silent for 30 s', async () => {
    await plane.addController('mc-1');
    plane.clock.advance(29_000);
    await plane.reportHandler('mh-2');
    await plane.sendHeartbeat('mc-1');
    plane.clock.advance(1_000);
    expect((await plane.join(MEETING)).status).toBe(200);
    expect(plane.controllers.asked[0]?.request.media_handlers).toMatchObject([
      { handler_id: 'mh-2', role: 'PRIMARY' },
    ]);
  });
});

describe('later joins of a meeting', () => {
  it('GC-8 use the assignment again and ask nobody', async () => {
    await plane.addController('mc-1');
    await plane.addController('mc-2');
    const first = await claims(await plane.join(MEETING));
    for (let i = 0; i < 10; i++) {
      const next = await claims(await plane.join(MEETING));
      expect(next.controller_id).toBe(first.controller_id);
      expect(next.generation).toBe(1);
    }
    expect(plane.controllers.asked).toHaveLength(1);
  });

  it('GC-8 use a draining controller as long as it has the meeting', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    await plane.addController('mc-2');
    await plane.sendHeartbeat('mc-1', { health: 'DRAINING' });
    expect((await claims(await plane.join(MEETING))).controller_id).toBe('mc-1');
  });

  it('GC-8 replace a controller that has fallen silent, once, with the next generation', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.reportHandler('mh-1');
    for (let i = 0; i < 3; i++) {
      const token = await claims(await plane.join(MEETING));
      expect(token).toMatchObject({ controller_id: 'mc-2', generation: 2 });
    }
    expect(await record()).toMatchObject({ controllerId: 'mc-2', generation: 2 });
    expect(plane.controllers.asked).toHaveLength(2);
  });

  it('GC-8 replace a controller that reports itself unhealthy', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    await plane.addController('mc-2');
    await plane.sendHeartbeat('mc-1', { health: 'UNHEALTHY' });
    expect(await claims(await plane.join(MEETING))).toMatchObject({ controller_id: 'mc-2', generation: 2 });
  });

  it('GC-8 give a controller that has started anew its meeting back, in the same generation', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    plane.controllers.restart('mc-1');
    await plane.addController('mc-1', { webtransport_url: 'https://mc-1.example.org:5555/signaling' });
    const response = await plane.join(MEETING);
    expect(await response.clone().json()).toMatchObject({
      meeting_controller_url: 'https://mc-1.example.org:5555/signaling',
    });
    expect(await claims(response)).toMatchObject({ controller_id: 'mc-1', generation: 1 });
    expect(plane.controllers.holdersOf(MEETING)).toEqual(['mc-1']);
    await claims(await plane.join(MEETING));
    expect(plane.controllers.asked).toHaveLength(2);
  });

  it('GC-8 GC-15 read once who was removed, however many controllers are asked', async () => {
    await plane.addController('mc-1');
    await plane.join(MEETING);
    plane.clock.advance(31_000);
    await plane.addHandler('mh-1', { zone: 'zone-a' });
    for (const id of ['mc-2', 'mc-3', 'mc-4']) {
      await plane.addController(id);
      plane.controllers.behaviour.set(id, 'AT_CAPACITY');
    }
    const list = vi.spyOn(plane.stores.access.removedParticipants, 'list');
    plane.controllers.asked.length = 0;
    expect((await plane.join(MEETING)).status).toBe(503);
    expect(plane.controllers.asked).toHaveLength(3);
    expect(list).toHaveBeenCalledTimes(1);
  });

  it('GC-8 go to another controller when the one that started anew does not take its meeting back', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    plane.controllers.restart('mc-1');
    await plane.addController('mc-1');
    await plane.addController('mc-2');
    plane.controllers.behaviour.set('mc-1', 'fails');
    expect(await claims(await plane.join(MEETING))).toMatchObject({ controller_id: 'mc-2', generation: 2 });
    expect(plane.controllers.asked.map(({ controllerId }) => controllerId)).toEqual(['mc-1', 'mc-1', 'mc-2']);
  });
});

describe('joins that race', () => {
  it('GC-7 tells a controller that accepted for nothing to drop the meeting, and answers with the winner', async () => {
    await plane.addController('mc-1');
    // Another process assigns the meeting to another controller while this one's controller is accepting.
    let raced = false;
    const other = plane.createApp();
    plane.controllers.beforeAnswer = async (controllerId) => {
      if (raced || controllerId !== 'mc-1') return;
      raced = true;
      await plane.sendHeartbeat('mc-1', { health: 'UNHEALTHY' });
      await plane.addController('mc-2');
      await claims(await plane.join(MEETING, other));
    };
    expect(await claims(await plane.join(MEETING))).toMatchObject({ controller_id: 'mc-2', generation: 1 });
    expect(plane.controllers.ended).toMatchObject([
      { controllerId: 'mc-1', request: { meeting_id: MEETING, generation: 1 } },
    ]);
    expect(plane.controllers.holdersOf(MEETING)).toEqual(['mc-2']);
  });

  it('GC-7 leaves the meeting with a controller that accepted twice', async () => {
    await plane.addController('mc-1');
    let raced = false;
    const other = plane.createApp();
    plane.controllers.beforeAnswer = async () => {
      if (raced) return;
      raced = true;
      await claims(await plane.join(MEETING, other));
    };
    expect(await claims(await plane.join(MEETING))).toMatchObject({ controller_id: 'mc-1', generation: 1 });
    expect(plane.controllers.ended).toEqual([]);
    expect(plane.controllers.holdersOf(MEETING)).toEqual(['mc-1']);
  });

  it('MC-5 GC-13 lets no join in flight bring a meeting back that is ended meanwhile', async () => {
    await plane.addController('mc-1');
    plane.controllers.beforeAnswer = async () => {
      expect((await plane.post(`/api/v1/meetings/${MEETING}/end`)).status).toBe(200);
    };
    const response = await plane.join(MEETING);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'NOT_FOUND', message: 'Meeting has ended' },
    });
    expect(plane.controllers.holdersOf(MEETING)).toEqual([]);
  });

  it('GC-13 lets no join in flight replace the dead controller of a meeting that is ended meanwhile', async () => {
    await plane.addController('mc-1');
    await claims(await plane.join(MEETING));
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.reportHandler('mh-1');
    plane.controllers.beforeAnswer = async () => {
      expect((await plane.post(`/api/v1/meetings/${MEETING}/end`)).status).toBe(200);
    };
    expect((await plane.join(MEETING)).status).toBe(404);
    expect(plane.controllers.meetingsOf('mc-2').size).toBe(0);
  });
});

describe('calls of the database', () => {
  /** Names of the commands, in order; those that read say whether they read the latest. */
  function recordCommands(): string[] {
    const commands: string[] = [];
    plane.database.client.middlewareStack.add(
      (next, context) => (args) => {
        const { ConsistentRead } = args.input as { ConsistentRead?: boolean };
        const name = String(context['commandName']).replace('Command', '');
        commands.push(ConsistentRead === true ? `${name} consistent` : name);
        return next(args);
      },
      { step: 'initialize' },
    );
    return commands;
  }

  it('GC-6 GC-7 are six for a first join and two for a later one, and what decides reads the latest', async () => {
    await plane.addController('mc-1');
    const commands = recordCommands();
    await claims(await plane.join(MEETING));
    expect(commands.splice(0)).toEqual([
      'GetItem consistent',
      'Query',
      'UpdateItem',
      'Query',
      'UpdateItem',
      'UpdateItem',
    ]);
    await claims(await plane.join(MEETING));
    expect(commands).toEqual(['GetItem consistent', 'GetItem consistent']);
  });
});
