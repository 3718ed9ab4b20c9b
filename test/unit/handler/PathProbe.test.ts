import { describe, expect, it } from 'vitest';
import { PathProbe } from '../../../media-node/handler/PathProbe.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FakeClock } from './meeting.ts';

const AT = 1;

function probe() {
  const clock = new FakeClock();
  const tested = new PathProbe(clock);
  const pongOf = (ping: Uint8Array): Uint8Array => {
    turnPingIntoPong(ping, AT);
    return ping;
  };
  return { clock, tested, pongOf };
}

describe('PathProbe', () => {
  it('MH-5 takes the time to the pong for the round trip', () => {
    const { clock, tested, pongOf } = probe();
    const pong = pongOf(tested.makePing());
    clock.nowMs += 80;
    expect(tested.onPong(pong, AT)).toBe(true);
    expect(tested.roundTripMs).toBeCloseTo(80);
  });

  it('MH-5 takes a ping for slow that is open while the client is heard of', () => {
    const { clock, tested, pongOf } = probe();
    tested.onPong(pongOf(tested.makePing()), AT);
    tested.makePing();
    clock.nowMs += 400;
    tested.heard(clock.nowMs);
    clock.nowMs += 100;
    expect(tested.roundTripMs).toBeCloseTo(400);
  });

  it('MH-5 draws nothing from the silence of a client that may be busy', () => {
    const { clock, tested, pongOf } = probe();
    const pong = pongOf(tested.makePing());
    clock.nowMs += 30;
    tested.onPong(pong, AT);
    tested.makePing();
    clock.nowMs += 2_000;
    expect(tested.roundTripMs).toBeCloseTo(30);
  });

  it('MH-10 refuses a pong that it cannot have asked for', () => {
    const { clock, tested, pongOf } = probe();
    const other = new PathProbe(clock);
    expect(tested.onPong(pongOf(other.makePing()), AT)).toBe(false);
    expect(tested.roundTripMs).toBeUndefined();
  });
});
