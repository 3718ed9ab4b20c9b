import { describe, expect, it } from 'vitest';
import {
  createTransportCounters,
  DEFAULT_TRANSPORT_LIMITS,
  type SessionClose,
  type SessionHandlers,
  StreamClosedError,
} from '../../../media-node/transport/MediaSession.ts';
import { SessionState } from '../../../media-node/transport/SessionState.ts';

const LIMITS = { ...DEFAULT_TRANSPORT_LIMITS, maxDatagramsInFlight: 2 };
const CLOSE: SessionClose = { code: 4400, reason: 'over', by: 'local' };

function open() {
  const counters = createTransportCounters();
  const state = new SessionState(LIMITS, counters);
  const told: SessionClose[] = [];
  const handlers: SessionHandlers = {
    onDatagram: () => {
      throw new Error('A fault of whoever handles datagrams');
    },
    onReceiveStream: () => undefined,
    onBidirectionalStream: () => undefined,
    onClose: (close) => void told.push(close),
  };
  return { state, counters, told, handlers };
}

describe('SessionState', () => {
  it('MH-4 bounds the datagrams in flight, and counts those that fail', () => {
    const { state, counters } = open();
    expect([state.takeDatagram(), state.takeDatagram(), state.takeDatagram()]).toEqual([true, true, false]);
    state.datagramsTaken(1);
    expect([state.datagramsInFlight, state.takeDatagram()]).toEqual([1, true]);
    state.datagramsFailed(2);
    expect([state.datagramsInFlight, counters.datagramsFailed]).toEqual([0, 2]);
  });

  it('tells its handlers of the end once, a moment later, and then whoever waits for it', async () => {
    const { state, told, handlers } = open();
    expect(state.setHandlers(handlers)).toBe(true);
    expect([state.end(CLOSE), state.end({ ...CLOSE, code: 0 })]).toEqual([true, false]);
    expect(told).toEqual([]);
    expect(await state.closed).toEqual(CLOSE);
    expect(told).toEqual([CLOSE]);
    expect(() => state.assertOpen()).toThrow(StreamClosedError);
  });

  it('tells handlers that come after the end of it, and has ended before', async () => {
    const { state, told, handlers } = open();
    state.end(CLOSE);
    await state.ended;
    expect(state.setHandlers(handlers)).toBe(false);
    expect(told).toEqual([CLOSE]);
  });

  it('MH-10 counts what a handler throws, and delivers nothing once it is over', () => {
    const { state, counters, handlers } = open();
    state.deliverDatagram(handlers, new Uint8Array(1), 0);
    const fail = (): never => {
      throw new Error('A fault of whoever handles streams');
    };
    state.deliver(fail);
    expect(counters.handlerFaults).toBe(2);
    state.end(CLOSE);
    state.deliver(fail);
    expect(counters.handlerFaults).toBe(2);
  });
});
