import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { err } from '../../../../shared/base/result.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

const MEETING = 'standup';
let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1');
  await plane.addController('mc-1');
  await plane.createMeeting(MEETING);
});

afterEach(async () => {
  await plane.stop();
});

async function patch(body: object): Promise<Response> {
  return await plane.app.request(`/api/v1/meetings/${MEETING}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** As a controller does after a silence. */
async function comesBack(): Promise<void> {
  await plane.sendHeartbeat('mc-1', { meetings: 1, participants: 1, cpu_ratio: 0 });
  const notice = { controller_id: 'mc-1', meetings: [] };
  expect((await plane.post('/api/v1/meeting-controllers/mc-1/presence', notice)).status).toBe(200);
}

function heldBy(controllerId: string) {
  return plane.controllers.meetingsOf(controllerId).get(MEETING);
}

describe('a change of a meeting', () => {
  it('GC-14 reaches the controller that serves it', async () => {
    await plane.join(MEETING);
    expect((await patch({ display_name: 'Retro', max_participants: 3 })).status).toBe(200);
    expect(heldBy('mc-1')?.config).toMatchObject({ display_name: 'Retro', max_participants: 3 });
  });

  it('GC-14 needs no controller before the first join, which takes it along', async () => {
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    await plane.join(MEETING);
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 3 });
  });

  it('GC-14 is made and answered with 503 while the controller cannot be told; the same again tells it', async () => {
    await plane.join(MEETING);
    plane.controllers.behaviour.set('mc-1', 'fails');
    const refused = await patch({ max_participants: 3 });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringContaining('make the same change again') },
    });
    plane.controllers.behaviour.delete('mc-1');
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 100 });
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 3 });
  });

  it('GC-14 does not wait for a controller that is gone', async () => {
    await plane.join(MEETING);
    plane.controllers.behaviour.set('mc-1', 'fails');
    plane.clock.advance(31_000);
    expect((await patch({ max_participants: 3 })).status).toBe(200);
  });

  it('GC-14 GC-17 reaches a controller that was gone when it is heard of again, once', async () => {
    await plane.join(MEETING);
    plane.controllers.behaviour.set('mc-1', 'fails');
    plane.clock.advance(31_000);
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    expect((await patch({ display_name: 'Retro' })).status).toBe(200);
    plane.controllers.behaviour.delete('mc-1');
    const update = vi.spyOn(plane.controllers, 'updateMeetingConfig');
    await comesBack();
    expect(heldBy('mc-1')?.config).toMatchObject({ display_name: 'Retro', max_participants: 3 });
    await comesBack();
    expect(update).toHaveBeenCalledTimes(1);
  });

  it('GC-14 GC-13 reaches it with a later word where it does not take it with the first; so does an end', async () => {
    await plane.createMeeting('retro');
    await plane.join(MEETING);
    await plane.join('retro');
    plane.controllers.behaviour.set('mc-1', 'fails');
    plane.clock.advance(31_000);
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    expect((await plane.post('/api/v1/meetings/retro/end')).status).toBe(200);
    await comesBack();
    expect(plane.controllers.meetingsOf('mc-1').has('retro')).toBe(true);
    plane.controllers.behaviour.delete('mc-1');
    await comesBack();
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 3 });
    expect(plane.controllers.meetingsOf('mc-1').has('retro')).toBe(false);
  });

  it('GC-14 GC-13 reaches it though the record of another of its meetings is damaged meanwhile, which the log says', async () => {
    await plane.createMeeting('retro');
    await plane.join(MEETING);
    await plane.join('retro');
    plane.clock.advance(31_000);
    plane.controllers.behaviour.set('mc-1', 'fails');
    expect((await plane.post('/api/v1/meetings/retro/end')).status).toBe(200);
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    plane.controllers.behaviour.delete('mc-1');
    const { meetings } = plane.stores;
    const read = meetings.get.bind(meetings);
    vi.spyOn(meetings, 'get').mockImplementation(async (id) => {
      if (id === 'retro') throw new Error('Not a meeting');
      return await read(id);
    });
    await comesBack();
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 3 });
    const said = (): string[] => plane.lines.filter((line) => line.includes('Not a meeting'));
    expect(said()).toHaveLength(1);
    await comesBack();
    expect(said()).toHaveLength(1);
  });

  it('GC-14 GC-17 does not reach one that has lost the meeting meanwhile', async () => {
    await plane.join(MEETING);
    plane.clock.advance(31_000);
    expect((await patch({ max_participants: 3 })).status).toBe(200);
    await plane.addController('mc-2');
    await plane.reportHandler('mh-1');
    await plane.join(MEETING);
    expect(heldBy('mc-2')?.config).toMatchObject({ max_participants: 3 });
    await comesBack();
    expect(heldBy('mc-1')?.config).toMatchObject({ max_participants: 100 });
  });

  it('GC-14 that comes between the question to a controller and the record reaches it all the same', async () => {
    let asked = 0;
    plane.controllers.beforeAnswer = async () => {
      if (asked++ === 0) expect((await patch({ display_name: 'Retro' })).status).toBe(200);
    };
    expect((await plane.join(MEETING)).status).toBe(200);
    expect(heldBy('mc-1')?.config).toMatchObject({ display_name: 'Retro' });
  });

  it('GC-14 GC-17 that comes between them, and cannot be told then, is told with the next word', async () => {
    let asked = 0;
    plane.controllers.beforeAnswer = async () => {
      if (asked++ === 0) expect((await patch({ display_name: 'Retro' })).status).toBe(200);
    };
    vi.spyOn(plane.controllers, 'updateMeetingConfig').mockResolvedValueOnce(err('It hangs'));
    expect((await plane.join(MEETING)).status).toBe(200);
    expect(heldBy('mc-1')?.config).not.toMatchObject({ display_name: 'Retro' });
    await comesBack();
    expect(heldBy('mc-1')?.config).toMatchObject({ display_name: 'Retro' });
  });
});

describe('an assignment', () => {
  let wasThere: boolean | undefined;

  async function removeSomebody(): Promise<string> {
    const id = 'eve';
    const path = `/api/v1/meetings/${MEETING}/participants/${id}`;
    const response = await plane.app.request(path, { method: 'DELETE' });
    expect(response.status).toBe(200);
    wasThere = ((await response.json()) as { removed: boolean }).removed;
    return id;
  }

  it('GC-15 names those who were removed, to a controller that has started anew and to another one', async () => {
    await plane.join(MEETING);
    expect(heldBy('mc-1')?.removed_participant_ids).toBe(undefined);
    const removed = await removeSomebody();
    plane.controllers.restart('mc-1');
    await plane.addController('mc-1');
    await plane.join(MEETING);
    expect(heldBy('mc-1')?.removed_participant_ids).toEqual([removed]);
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.addHandler('mh-1');
    await plane.join(MEETING);
    expect(heldBy('mc-2')?.removed_participant_ids).toEqual([removed]);
  });

  it.each(['noted', 'told'])(
    'GC-15 that is made while a removal is %s hears of the removal too',
    async (when) => {
      await plane.join(MEETING);
      const takeOver = async () => {
        plane.clock.advance(31_000);
        await plane.addController('mc-2');
        await plane.addHandler('mh-1');
        await plane.join(MEETING);
      };
      const { removedParticipants } = plane.stores.access;
      const add = removedParticipants.add.bind(removedParticipants);
      // Its controller is asked for before the removal is there to be read.
      vi.spyOn(removedParticipants, 'add').mockImplementation(async (...removed) => {
        if (when === 'noted') await takeOver();
        await add(...removed);
      });
      const told: string[] = [];
      const tell = plane.controllers.removeParticipant.bind(plane.controllers);
      vi.spyOn(plane.controllers, 'removeParticipant').mockImplementation(async (controller, request) => {
        if (when === 'told' && told.length === 0) await takeOver();
        told.push(`${controller.id} ${request.generation}`);
        return await tell(controller, request);
      });
      const eve = { participant_id: 'eve', user_id: 1, display_name: 'Eve', joined_at_ms: 0 };
      plane.controllers.participants.set(MEETING, [eve]);
      await removeSomebody();
      expect(told).toEqual(when === 'told' ? ['mc-1 1', 'mc-2 2'] : ['mc-2 2']);
      // By whichever of them had it.
      expect(wasThere).toBe(true);
    },
  );

  it('GC-15 names nobody whose last token has expired', async () => {
    await plane.join(MEETING);
    await removeSomebody();
    plane.clock.advance(3_600_000);
    await plane.addController('mc-2');
    await plane.addHandler('mh-1');
    await plane.join(MEETING);
    expect(heldBy('mc-2')?.removed_participant_ids).toBe(undefined);
  });
});

describe('what a host has muted', () => {
  const mute = { participant_id: 'eve', audio: true, video: false };

  async function say(controllerId: string, generation: number, change: object = {}): Promise<Response> {
    const notice = { controller_id: controllerId, meeting_id: MEETING, generation, ...mute, ...change };
    return await plane.post(`/api/v1/meeting-controllers/${controllerId}/host-mutes`, notice);
  }

  async function moveToAnother(): Promise<void> {
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.addHandler('mh-1');
    await plane.join(MEETING);
  }

  it('MC-8 MC-10 is named to the controller that serves the meeting next, until it is lifted', async () => {
    await plane.join(MEETING);
    expect(heldBy('mc-1')?.host_mutes).toBe(undefined);
    const response = await say('mc-1', 1);
    expect([response.status, await response.json()]).toEqual([200, { noted: true }]);
    await say('mc-1', 1, { participant_id: 'mallory' });
    await say('mc-1', 1, { participant_id: 'mallory', audio: false });
    plane.controllers.restart('mc-1');
    await plane.addController('mc-1');
    await plane.join(MEETING);
    expect(heldBy('mc-1')?.host_mutes).toEqual([mute]);
    await moveToAnother();
    expect(heldBy('mc-2')?.host_mutes).toEqual([mute]);
  });

  it('MC-8 is not what a controller says that has lost the meeting', async () => {
    await plane.join(MEETING);
    await say('mc-1', 1);
    await moveToAnother();
    expect((await say('mc-1', 1, { audio: false })).status).toBe(409);
    expect((await say('mc-1', 2, { audio: false })).status).toBe(409);
    expect(await plane.stores.access.hostMutes.list(MEETING as never, 10)).toEqual([mute]);
    expect((await say('mc-2', 2, { audio: false })).status).toBe(200);
    expect(await plane.stores.access.hostMutes.list(MEETING as never, 10)).toEqual([]);
  });
});

describe('a controller that was given up', () => {
  async function presence(controllerId: string, generation: number): Promise<unknown> {
    const response = await plane.post(`/api/v1/meeting-controllers/${controllerId}/presence`, {
      controller_id: controllerId,
      meetings: [
        { meeting_id: MEETING, generation, participants: 1, empty_for_ms: 0 },
        { meeting_id: 'own', generation: 1, participants: 1, empty_for_ms: 0 },
      ],
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { superseded: unknown }).superseded;
  }

  it('MC-8 GC-17 hears with its next notice which meetings others serve', async () => {
    await plane.join(MEETING);
    expect(await presence('mc-1', 1)).toEqual([]);
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.addHandler('mh-1');
    await plane.join(MEETING);
    await plane.sendHeartbeat('mc-1');
    expect(await presence('mc-1', 1)).toEqual([{ meeting_id: MEETING, generation: 2 }]);
    expect(await presence('mc-2', 2)).toEqual([]);
    // It was given the meeting back.
    expect(await presence('mc-1', 3)).toEqual([]);
  });
});
