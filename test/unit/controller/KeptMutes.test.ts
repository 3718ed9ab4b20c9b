import { describe, expect, it } from 'vitest';
import { BackgroundTasks } from '../../../media-node/controller/BackgroundTasks.ts';
import type { MutedNotice } from '../../../media-node/controller/ControlPlane.ts';
import { KeptMutes } from '../../../media-node/controller/KeptMutes.ts';
import { ApiError } from '../../../shared/api/error.ts';
import { MAX_HOST_MUTES } from '../../../shared/api/node.ts';
import { silentLogger } from '../../../shared/base/log.ts';

const MUTED = { audio: true, video: false, byUserId: 1 };
const LIFTED = { audio: false, video: false };

/** Mutes of a meeting whose global controller answers as `answer` does. */
function keptMutes(answer: () => Promise<void> | void = () => undefined) {
  const told: MutedNotice[] = [];
  const pauses: number[] = [];
  const tasks = new BackgroundTasks(silentLogger);
  let superseded = 0;
  const assignment = { meeting_id: 'standup', generation: 2 };
  const mutes = new KeptMutes({
    controlPlane: {
      hostMuted: async (notice) => {
        told.push(notice);
        await answer();
        return { noted: true };
      },
    },
    assignment: () => assignment,
    onSuperseded: () => superseded++,
    tasks,
    log: silentLogger,
    wait: async (ms) => void pauses.push(ms),
    random: () => 0.5,
  });
  const words = () => told.map(({ participant_id, audio }) => `${participant_id} ${audio}`);
  return { mutes, tasks, told, words, pauses, superseded: () => superseded };
}

describe('what hosts have muted in a meeting', () => {
  it('MC-8 MC-10 is told one after the other, of each participant the latest word alone', async () => {
    const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    const { mutes, tasks, words, told } = keptMutes(() => answers[asked++]?.promise);
    mutes.set('ada', MUTED);
    mutes.set('ben', MUTED);
    mutes.set('ada', LIFTED);
    mutes.set('ben', LIFTED);
    mutes.set('ben', MUTED);
    expect(words()).toEqual(['ada true']);
    for (const { resolve } of answers) resolve();
    await tasks.settled();
    expect(words()).toEqual(['ada true', 'ada false', 'ben true']);
    expect(told[0]).toEqual({
      meeting_id: 'standup',
      generation: 2,
      participant_id: 'ada',
      audio: true,
      video: false,
    });
    expect(mutes.list()).toEqual([{ participant_id: 'ben', audio: true, video: false }]);
  });

  it('MC-8 is tried again for a while, and once more with the next word', async () => {
    let isAway = true;
    const { mutes, tasks, words, pauses } = keptMutes(() => {
      if (isAway) throw new ApiError('NO_CAPACITY', 'Away');
    });
    mutes.set('ada', MUTED);
    await tasks.settled();
    expect(words()).toEqual(Array.from({ length: 8 }, () => 'ada true'));
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(5_000);
    isAway = false;
    mutes.set('ben', MUTED);
    await tasks.settled();
    expect(words().slice(8)).toEqual(['ada true', 'ben true']);
    expect(mutes.of('ada')).toBe(MUTED);
  });

  it('MC-8 is given up after failures in a row, not after as many among others', async () => {
    let calls = 0;
    const { mutes, tasks, words } = keptMutes(() => {
      if (calls++ % 2 === 0) throw new ApiError('NO_CAPACITY', 'Away');
    });
    for (let index = 0; index < 12; index++) mutes.set(`p-${index}`, MUTED);
    await tasks.settled();
    expect(new Set(words().slice(-24)).size).toBe(12);
    expect(words()).toHaveLength(24);
  });

  it.each([
    ['CONFLICT', 1],
    ['NOT_FOUND', 0],
  ] as const)('MC-8 is told nobody any more after %s', async (code, superseded) => {
    const kept = keptMutes(() => {
      throw new ApiError(code, 'Over');
    });
    kept.mutes.set('ada', MUTED);
    kept.mutes.set('ben', MUTED);
    await kept.tasks.settled();
    expect([kept.told.length, kept.superseded()]).toEqual([1, superseded]);
  });

  it('MC-8 is what the global controller knows, but for what it has yet to be told', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { mutes, tasks } = keptMutes(() => promise);
    mutes.set('ada', MUTED);
    mutes.set('ben', MUTED);
    mutes.restore([
      { participant_id: 'ben', audio: false, video: true },
      { participant_id: 'cleo', audio: false, video: true },
    ]);
    expect(mutes.of('ben')).toBe(MUTED);
    expect(mutes.of('cleo')).toEqual({ audio: false, video: true });
    resolve();
    await tasks.settled();
    mutes.restore([{ participant_id: 'ben', audio: false, video: true }]);
    expect(mutes.of('ben')).toEqual({ audio: false, video: true });
  });

  it('MC-10 is kept of as many as an assignment names, the latest of them', async () => {
    const { mutes, tasks, words } = keptMutes();
    for (let index = 0; index <= MAX_HOST_MUTES; index++) mutes.set(`p-${index}`, MUTED);
    expect(mutes.list()).toHaveLength(MAX_HOST_MUTES);
    expect([mutes.of('p-0').audio, mutes.of('p-1').audio]).toEqual([false, true]);
    mutes.set('nobody', { audio: false, video: false });
    await tasks.settled();
    expect(words().at(-1)).toBe('nobody false');
    expect(words().length).toBeLessThanOrEqual(MAX_HOST_MUTES + 1);
  });
});
