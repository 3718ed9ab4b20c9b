import { beforeEach, describe, expect, it } from 'vitest';
import { FrameGate, GateOutcome } from '../../../media-node/quality/FrameGate.ts';
import { Pressure } from '../../../media-node/quality/SendWindow.ts';
import { FLAG_DISCARDABLE, FLAG_END_OF_FRAME, FrameType } from '../../../shared/frame/layout.ts';
import type { FrameHeader } from '../../../shared/frame/write.ts';
import { frame } from '../frame.ts';

const { pass, congested, discardable, delta, undecodable } = GateOutcome;

describe('FrameGate', () => {
  let gate: FrameGate;
  let sequence = 0;
  beforeEach(() => {
    gate = new FrameGate();
    sequence = 0;
  });

  /** Offers a frame of so many datagrams and answers what became of each. */
  function offer(pressure: Pressure, change: Partial<FrameHeader>, fragments = 1): number[] {
    return Array.from({ length: fragments }, (_, fragmentIndex) => {
      const bytes = frame(1, 10, { ...change, sequence: sequence++, fragmentIndex });
      return gate.check(bytes, 0, pressure);
    });
  }
  const AUDIO = { type: FrameType.audio };
  const KEY = { type: FrameType.videoKey };
  const DELTA = { type: FrameType.videoDelta };
  const DISCARDABLE = {
    type: FrameType.videoDelta,
    flags: FLAG_DISCARDABLE | FLAG_END_OF_FRAME,
    temporalLayer: 1,
  };

  it.each([
    [Pressure.none, [pass, pass, pass, pass]],
    [Pressure.discardable, [pass, pass, pass, discardable]],
    [Pressure.delta, [pass, pass, delta, undecodable]],
    [Pressure.key, [pass, congested, undecodable, undecodable]],
    [Pressure.all, [congested, congested, undecodable, undecodable]],
  ])('MH-4 under pressure %i lets sound go last and discardable frames first', (pressure, expected) => {
    expect([
      ...offer(pressure, AUDIO),
      ...offer(pressure, KEY),
      ...offer(pressure, DELTA),
      ...offer(pressure, DISCARDABLE),
    ]).toEqual(expected);
  });

  it('MH-4 sends nothing of a frame whose beginning was dropped, nor what refers to it, until a key frame', () => {
    expect(offer(Pressure.delta, DELTA, 3)).toEqual([delta, undecodable, undecodable]);
    expect(gate.idle).toBe(false);
    expect(offer(Pressure.none, DELTA, 2)).toEqual([undecodable, undecodable]);
    expect(offer(Pressure.none, DISCARDABLE)).toEqual([undecodable]);
    expect(offer(Pressure.none, KEY, 2)).toEqual([pass, pass]);
    expect(offer(Pressure.none, DELTA, 2)).toEqual([pass, pass]);
  });

  it('MH-4 drops a discardable frame whole and nothing that follows it', () => {
    const bytes = frame(1, 10, { ...DISCARDABLE, sequence: 0, fragmentIndex: 0 });
    expect(gate.check(bytes, 0, Pressure.discardable)).toBe(discardable);
    const rest = frame(1, 10, { ...DISCARDABLE, sequence: 1, fragmentIndex: 1 });
    expect(gate.check(rest, 0, Pressure.none)).toBe(undecodable);
    sequence = 2;
    expect(offer(Pressure.none, DELTA)).toEqual([pass]);
  });

  it('MH-4 finishes a frame that was begun, as long as there is room for anything', () => {
    const begun = (fragmentIndex: number): Uint8Array =>
      frame(1, 10, { ...DELTA, sequence: fragmentIndex, fragmentIndex });
    expect(gate.check(begun(0), 0, Pressure.none)).toBe(pass);
    expect(gate.check(begun(1), 0, Pressure.key)).toBe(pass);
    expect(gate.check(begun(2), 0, Pressure.all)).toBe(congested);
    expect(gate.check(begun(3), 0, Pressure.none)).toBe(undecodable);
  });

  it('MH-4 after a lost frame of a higher temporal layer holds back that layer until the base frame changes', () => {
    const t1 = { ...DELTA, temporalLayer: 1, baseFrame: 7 };
    const t2 = { ...DISCARDABLE, temporalLayer: 2, baseFrame: 7 };
    expect(offer(Pressure.delta, t1)).toEqual([delta]);
    expect(offer(Pressure.none, t2)).toEqual([undecodable]);
    expect(offer(Pressure.none, { ...DELTA, baseFrame: 8 })).toEqual([pass]);
    expect(offer(Pressure.none, { ...t1, baseFrame: 8 })).toEqual([pass]);
  });

  it('MH-4 treats what the engine refused like what was held back', () => {
    gate.refused(frame(1, 10, { ...DELTA, sequence: 0 }), 0);
    sequence = 1;
    expect(offer(Pressure.none, DELTA)).toEqual([undecodable]);
    gate.refused(frame(1, 10, { ...AUDIO, sequence: 9 }), 0);
    gate.keyFrameOnStream();
    expect(offer(Pressure.none, DELTA)).toEqual([pass]);
  });

  it('SFU-4 wishes for a key frame once there is room again, and not with every datagram', () => {
    offer(Pressure.delta, DELTA);
    offer(Pressure.delta, DELTA);
    expect(gate.takeKeyFrameWish()).toBe(false);
    let wishes = 0;
    for (let round = 0; round < 100; round++) {
      offer(Pressure.none, DELTA);
      if (gate.takeKeyFrameWish()) wishes++;
    }
    expect(wishes).toBe(2);
  });

  it('is idle again once nothing of a dropped frame can come any more', () => {
    offer(Pressure.discardable, DISCARDABLE);
    expect(gate.idle).toBe(false);
    sequence += 2_000;
    offer(Pressure.none, DELTA);
    expect(gate.idle).toBe(true);
  });
});
