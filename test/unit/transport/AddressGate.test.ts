import { describe, expect, it } from 'vitest';
import {
  AddressGate,
  type AddressLimits,
  type AddressSlot,
  EXTRA_CONNECTIONS_PER_ADDRESS,
  type GateAnswer,
  MAX_REMEMBERED_ADDRESSES,
} from '../../../media-node/transport/AddressGate.ts';
import type { EpochMs } from '../../../shared/base/clock.ts';

const UNLIMITED: AddressLimits = {
  handshakeBurst: 1,
  handshakesPerSecond: 0,
  maxSessionsPerAddress: 0,
  handshakeBurstPerAddress: 1,
  handshakesPerSecondPerAddress: 0,
};
const HOME = '198.51.100.7';
const ELSEWHERE = '203.0.113.9';

function gateWith(limits: Partial<AddressLimits>) {
  const time = { nowMs: 0 };
  const clock = { monotonicMs: () => time.nowMs, epochMs: () => 0 as EpochMs };
  return { gate: new AddressGate({ ...UNLIMITED, ...limits }, clock), time };
}

function slotOf(answer: GateAnswer): AddressSlot {
  if (!answer.ok) throw new Error(`Refused: ${answer.reason}`);
  return answer.slot;
}

describe('AddressGate', () => {
  it('MH-10 takes a burst of handshakes from an address, then their rate, and others all the while', () => {
    const { gate, time } = gateWith({ handshakeBurstPerAddress: 2, handshakesPerSecondPerAddress: 1 });
    const enter = (address: string): boolean => gate.enter(address).ok;
    expect([enter(HOME), enter(HOME), enter(HOME)]).toEqual([true, true, false]);
    expect(enter(ELSEWHERE)).toBe(true);
    expect(gate.enter(HOME)).toEqual({ ok: false, reason: 'handshakes' });
    time.nowMs = 1_000;
    expect([enter(HOME), enter(HOME)]).toEqual([true, false]);
  });

  it('MH-10 remembers the handshakes of an address whose connections are gone', () => {
    const { gate, time } = gateWith({ handshakeBurstPerAddress: 1, handshakesPerSecondPerAddress: 1 });
    slotOf(gate.enter(HOME)).release();
    time.nowMs = 999;
    expect(gate.enter(HOME).ok).toBe(false);
    time.nowMs = 1_000;
    expect(gate.enter(HOME).ok).toBe(true);
  });

  it('MH-10 counts all addresses of an IPv6 /64 as one', () => {
    const { gate } = gateWith({ handshakeBurstPerAddress: 1, handshakesPerSecondPerAddress: 1 });
    expect(gate.enter('2001:db8::1').ok).toBe(true);
    expect(gate.enter('2001:db8::ffff:2').ok).toBe(false);
    expect(gate.enter('2001:db8:0:1::1').ok).toBe(true);
  });

  it('MH-10 lets an address have so many sessions, and another when one has ended', () => {
    const { gate } = gateWith({ maxSessionsPerAddress: 2 });
    const [first, second, third] = [1, 2, 3].map(() => slotOf(gate.enter(HOME)));
    expect([first?.openSession(), second?.openSession(), third?.openSession()]).toEqual([true, true, false]);
    expect(slotOf(gate.enter(ELSEWHERE)).openSession()).toBe(true);
    first?.closeSession();
    first?.closeSession();
    expect(third?.openSession()).toBe(true);
    expect(slotOf(gate.enter(HOME)).openSession()).toBe(false);
    second?.release();
    second?.release();
    expect(slotOf(gate.enter(HOME)).openSession()).toBe(true);
    expect(slotOf(gate.enter(HOME)).openSession()).toBe(false);
  });

  it('MH-10 bounds the connections of an address that asks for no session', () => {
    const { gate } = gateWith({ maxSessionsPerAddress: 2 });
    const slots = Array.from({ length: 2 + EXTRA_CONNECTIONS_PER_ADDRESS }, () => slotOf(gate.enter(HOME)));
    expect(gate.enter(HOME)).toEqual({ ok: false, reason: 'connections' });
    expect(gate.enter(ELSEWHERE).ok).toBe(true);
    slots[0]?.release();
    expect(gate.enter(HOME).ok).toBe(true);
  });

  it('MH-10 bounds the handshakes of a whole worker, before any address is known', () => {
    const { gate, time } = gateWith({ handshakeBurst: 2, handshakesPerSecond: 1 });
    const allow = () => [1, 2, 3].map(() => gate.allowsHandshake());
    expect(allow()).toEqual([true, true, false]);
    time.nowMs = 1_000;
    expect(allow()).toEqual([true, false, false]);
  });

  it('MH-10 takes everything where there is no limit, and keeps nothing of who has gone', () => {
    const { gate } = gateWith({});
    for (let count = 0; count < 1_000; count++) {
      expect(gate.allowsHandshake()).toBe(true);
      const slot = slotOf(gate.enter(HOME));
      expect(slot.openSession()).toBe(true);
      if (count % 2 === 0) slot.release();
    }
    expect(gate.addresses).toBe(1);
    slotOf(gate.enter(ELSEWHERE)).release();
    expect(gate.addresses).toBe(1);
  });

  it('MH-10 remembers a bounded number of addresses, the latest', () => {
    const { gate } = gateWith({ handshakeBurstPerAddress: 1, handshakesPerSecondPerAddress: 1 });
    const address = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    for (let index = 0; index <= MAX_REMEMBERED_ADDRESSES; index++)
      slotOf(gate.enter(address(index))).release();
    expect(gate.addresses).toBe(MAX_REMEMBERED_ADDRESSES);
    expect(gate.enter(address(MAX_REMEMBERED_ADDRESSES)).ok).toBe(false);
    expect(gate.enter(address(1)).ok).toBe(false);
    expect(gate.addresses).toBe(MAX_REMEMBERED_ADDRESSES);
    expect(gate.enter(address(0)).ok).toBe(true);
  });
});
