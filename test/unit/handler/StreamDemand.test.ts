import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IDLE_BEFORE_PAUSE_MS, StreamDemand } from '../../../media-node/handler/StreamDemand.ts';
import {
  AS_DATAGRAMS,
  type DeliverySet,
  NO_DELIVERY,
  ON_STREAMS,
  PUBLISHERS_CHOICE,
} from '../../../shared/media-session/delivery.ts';

let told: DeliverySet[];
let hasRoom: boolean;
let toldLate: number;
let demand: StreamDemand;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  told = [];
  hasRoom = true;
  toldLate = 0;
  demand = new StreamDemand(
    (deliveries) => {
      if (hasRoom) told.push(deliveries);
      return hasRoom;
    },
    () => toldLate++,
  );
});

afterEach(() => {
  demand.close();
  vi.useRealTimers();
});

it('MH-1 tells of a delivery at once, and that one is not needed any more once that has lasted', () => {
  demand.update(PUBLISHERS_CHOICE);
  expect(told).toEqual([]);
  demand.update(ON_STREAMS);
  expect(told).toEqual([PUBLISHERS_CHOICE | ON_STREAMS]);
  vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS - 1);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(told.slice(1)).toEqual([ON_STREAMS]);
});

it('MH-1 tells nothing of a delivery that is missed for a moment', () => {
  demand.update(PUBLISHERS_CHOICE | AS_DATAGRAMS);
  demand.update(PUBLISHERS_CHOICE);
  vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS / 2);
  demand.update(PUBLISHERS_CHOICE | AS_DATAGRAMS);
  vi.advanceTimersByTime(2 * IDLE_BEFORE_PAUSE_MS);
  expect(told).toEqual([PUBLISHERS_CHOICE | AS_DATAGRAMS]);
});

it('MH-5 tells that nobody receives a stream, and of those who come then what they want alone', () => {
  demand.update(NO_DELIVERY);
  vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS);
  demand.update(AS_DATAGRAMS);
  expect(told).toEqual([NO_DELIVERY, AS_DATAGRAMS]);
});

it('tells again what found no room, and begins anew with another client', () => {
  hasRoom = false;
  demand.update(ON_STREAMS);
  expect(demand.told).toBe(PUBLISHERS_CHOICE);
  hasRoom = true;
  demand.update(ON_STREAMS);
  vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS);
  demand.reset();
  demand.update(ON_STREAMS);
  expect(told).toEqual([PUBLISHERS_CHOICE | ON_STREAMS, ON_STREAMS, PUBLISHERS_CHOICE | ON_STREAMS]);
});

it('MH-1 tells what found no room once there is some, though nothing changes any more', () => {
  hasRoom = false;
  demand.update(PUBLISHERS_CHOICE | ON_STREAMS);
  vi.advanceTimersByTime(3 * IDLE_BEFORE_PAUSE_MS);
  hasRoom = true;
  vi.advanceTimersByTime(3 * IDLE_BEFORE_PAUSE_MS);
  expect(told).toEqual([PUBLISHERS_CHOICE | ON_STREAMS]);
  // What is new begins with a key frame.
  expect(toldLate).toBe(1);
  hasRoom = false;
  demand.update(PUBLISHERS_CHOICE);
  vi.advanceTimersByTime(IDLE_BEFORE_PAUSE_MS);
  demand.close();
  hasRoom = true;
  vi.advanceTimersByTime(3 * IDLE_BEFORE_PAUSE_MS);
  expect([told.length, toldLate]).toEqual([1, 1]);
});
