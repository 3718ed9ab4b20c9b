import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SweepTimer } from '../../../../functions/local/SweepTimer.ts';
import { sweepNodes } from '../../../../functions/registry/sweepNodes.ts';
import { createSweep, nodeSweepJobs, type Sweep } from '../../../../functions/sweep.ts';
import { ControlPlane, REGION } from '../support/ControlPlane.ts';

let plane: ControlPlane;
let sweep: Sweep;

beforeEach(async () => {
  plane = await ControlPlane.start();
  sweep = createSweep(nodeSweepJobs({ region: REGION, stores: plane.stores, log: plane.log }), plane.log);
});

afterEach(async () => {
  await plane.stop();
});

function healthChanges(): Record<string, unknown>[] {
  return plane.lines
    .splice(0)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => message === 'Node health changed');
}

describe('the sweep of silent nodes', () => {
  it('GC-3 GC-9 marks those that have been silent for 30 s, says so once, and leaves the others', async () => {
    await plane.addHandler('mh-silent');
    await plane.addController('mc-silent');
    plane.clock.advance(20_000);
    await plane.addHandler('mh-alive');
    plane.clock.advance(10_000);
    healthChanges();
    expect(await sweep(plane.clock.epochMs())).toEqual({
      silent_media_handlers: 1,
      silent_meeting_controllers: 1,
    });
    expect(healthChanges()).toMatchObject([
      { handler_id: 'mh-silent', from: 'HEALTHY', to: 'UNHEALTHY', reason: 'silent for 30 s' },
      { controller_id: 'mc-silent', from: 'HEALTHY', to: 'UNHEALTHY', reason: 'silent for 30 s' },
    ]);
    expect((await plane.stores.handlers.get('mh-silent'))?.health.state).toBe('UNHEALTHY');
    expect((await plane.stores.handlers.get('mh-alive'))?.health.state).toBe('HEALTHY');
    expect(await sweep(plane.clock.epochMs())).toEqual({
      silent_media_handlers: 0,
      silent_meeting_controllers: 0,
    });
  });

  it('GC-3 lets a node come back with its next report', async () => {
    await plane.addHandler('mh-1');
    plane.clock.advance(40_000);
    await sweep(plane.clock.epochMs());
    await plane.reportHandler('mh-1');
    expect((await plane.stores.handlers.get('mh-1'))?.health.state).toBe('HEALTHY');
  });

  it('GC-3 does not mark a node that reports between the look at it and the mark', async () => {
    await plane.addHandler('mh-1');
    const before = await plane.stores.handlers.get('mh-1');
    plane.clock.advance(40_000);
    await plane.reportHandler('mh-1');
    if (before === undefined) throw new Error('There is no handler');
    expect(await plane.stores.handlers.markSilent(before)).toBe(false);
  });

  it('GC-3 pages through more nodes than one page holds, and marks each once from two processes', async () => {
    for (let i = 0; i < 8; i++) await plane.addHandler(`mh-${i}`);
    plane.clock.advance(40_000);
    const options = {
      kind: 'media handler',
      nodes: plane.stores.handlers,
      region: REGION,
      nowMs: plane.clock.epochMs(),
      log: plane.log,
      pageSize: 3,
    };
    const [first, second] = await Promise.all([sweepNodes(options), sweepNodes(options)]);
    expect(first + second).toBe(8);
  });

  it('GC-3 runs every job though one fails, and then says which', async () => {
    const failing = createSweep(
      {
        fails: () => Promise.reject(new Error('away')),
        ...nodeSweepJobs({ region: REGION, stores: plane.stores, log: plane.log }),
      },
      plane.log,
    );
    await plane.addHandler('mh-1');
    plane.clock.advance(40_000);
    await expect(failing(plane.clock.epochMs())).rejects.toThrow('1 jobs of the sweep failed');
    expect((await plane.stores.handlers.get('mh-1'))?.health.state).toBe('UNHEALTHY');
    expect(plane.lines.some((line) => line.includes('"job":"fails"'))).toBe(true);
  });
});

describe('the timer of the sweep', () => {
  it('GC-3 sweeps at once and at the interval, never twice at a time, also after a failure, until it is stopped', async () => {
    let running = 0;
    let most = 0;
    let count = 0;
    const timer = new SweepTimer(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (++count === 2) throw new Error('away');
        return {};
      },
      plane.clock,
      1,
    );
    await expect.poll(() => count).toBeGreaterThan(4);
    await timer.stop();
    const atStop = count;
    expect(most).toBe(1);
    expect(running).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(count).toBe(atStop);
  });
});
