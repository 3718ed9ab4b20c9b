import { beforeEach, describe, expect, it } from 'vitest';
import { PathProbe } from '../../../media-node/handler/PathProbe.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FakeClock } from './meeting.ts';

const AT = 1;

describe('PathProbe', () => {
  let clock: FakeClock;
  let probe: PathProbe;

  beforeEach(() => {
    clock = new FakeClock();
    probe = new PathProbe(clock);
  });

  function pongOf(ping: Uint8Array): Uint8Array {
    turnPingIntoPong(ping, AT);
    return ping;
  }

  /** Pings that are each answered after so long. */
  function answer(count: number, afterMs: number): void {
    for (let index = 0; index < count; index++) {
      const pong = pongOf(probe.makePing());
      clock.nowMs += afterMs;
      expect(probe.onPong(pong, AT)).toBe(true);
    }
  }

  it('MH-5 takes the time to the pong for the round trip', () => {
    answer(3, 80);
    expect(probe.roundTripMs).toBeCloseTo(80);
    expect(probe.baseRoundTripMs).toBeCloseTo(80);
    expect(probe.isSuspicious).toBe(false);
  });

  it('MH-5 asks more often as long as answers are late, or do not come', () => {
    answer(1, 80);
    probe.makePing();
    clock.nowMs += 130;
    expect(probe.isSuspicious).toBe(true);
    answer(1, 10);
    expect(probe.isSuspicious).toBe(false);
    answer(1, 130);
    expect(probe.isSuspicious).toBe(true);
  });

  it('MH-5 takes pings for slow that are open while the client is heard of', () => {
    answer(3, 20);
    for (let index = 0; index < 8; index++) {
      probe.makePing();
      clock.nowMs += 125;
      probe.heard(clock.nowMs);
    }
    expect(probe.roundTripMs).toBeGreaterThan(300);
  });

  it('MH-5 draws nothing from the silence of a client that may be busy', () => {
    answer(3, 110);
    for (let index = 0; index < 8; index++) {
      probe.makePing();
      clock.nowMs += 125;
    }
    expect(probe.roundTripMs).toBeCloseTo(110);
  });

  it('MH-5 judges no client by pings that it never answered', () => {
    for (let index = 0; index < 8; index++) {
      probe.makePing();
      clock.nowMs += 125;
      probe.heard(clock.nowMs);
    }
    expect(probe.roundTripMs).toBeUndefined();
  });

  it('MH-5 does not take one lost ping for a slow one', () => {
    answer(3, 20);
    probe.makePing();
    clock.nowMs += 250;
    probe.heard(clock.nowMs);
    answer(1, 20);
    expect(probe.latestRoundTripMs).toBeCloseTo(20);
  });

  it('MH-10 counts the answer to a ping once, however often it comes', () => {
    const [first, second] = [pongOf(probe.makePing()), pongOf(probe.makePing())];
    clock.nowMs += 20;
    expect([probe.onPong(second, AT), probe.onPong(second, AT), probe.onPong(first, AT)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(probe.latestRoundTripMs).toBeUndefined();
  });

  it('MH-10 refuses a pong that it cannot have asked for', () => {
    const other = new PathProbe(clock);
    expect(probe.onPong(pongOf(other.makePing()), AT)).toBe(false);
    expect(probe.latestRoundTripMs).toBeUndefined();
  });
});
