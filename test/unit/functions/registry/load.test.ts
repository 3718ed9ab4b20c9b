import { describe, expect, it } from 'vitest';
import {
  controllerCapacity,
  freeUnits,
  handlerCapacity,
  headroomOf,
  unitsNeeded,
} from '../../../../functions/registry/capacity.ts';
import type { MediaHandler, MeetingController } from '../../../../functions/registry/MediaNode.ts';
import { controllerRegistration, handlerRegistration } from '../support/ControlPlane.ts';

function handler(load: MediaHandler['load']): MediaHandler {
  const registration = handlerRegistration('h');
  return { id: 'h', registrationId: 'r', registration, health: { state: 'HEALTHY', atMs: 0 as never }, load };
}

function controller(load: MeetingController['load']): MeetingController {
  const registration = controllerRegistration('c');
  return { id: 'c', registrationId: 'r', registration, health: { state: 'HEALTHY', atMs: 0 as never }, load };
}

describe('load of a media node', () => {
  it.each([
    ['streams', { streams: 50, cpu_ratio: 0.1, bandwidth_in_bps: 1, bandwidth_out_bps: 1 }, 0.5],
    ['CPU', { streams: 1, cpu_ratio: 0.7, bandwidth_in_bps: 1, bandwidth_out_bps: 1 }, 0.7],
    ['bandwidth in', { streams: 1, cpu_ratio: 0.1, bandwidth_in_bps: 8e8, bandwidth_out_bps: 1 }, 0.8],
    ['bandwidth out', { streams: 1, cpu_ratio: 0.1, bandwidth_in_bps: 1, bandwidth_out_bps: 9e8 }, 0.9],
  ])('GC-4 is the worst of a handler’s figures: %s', (_name, load, ratio) => {
    expect(headroomOf(handlerCapacity, handler(load))).toBeCloseTo(1 - ratio);
  });

  it('GC-4 is the worse of a controller’s meetings and CPU', () => {
    expect(headroomOf(controllerCapacity, controller({ meetings: 30, cpu_ratio: 0.2 }))).toBeCloseTo(0.7);
    expect(headroomOf(controllerCapacity, controller({ meetings: 30, cpu_ratio: 0.9 }))).toBeCloseTo(0.1);
  });

  it('GC-4 is not known, and not zero, before the first report', () => {
    expect(headroomOf(handlerCapacity, handler({}))).toBe(undefined);
    expect(headroomOf(controllerCapacity, controller({}))).toBe(undefined);
  });

  it('GC-4 counts what was reserved since the last report on top of the figures', () => {
    const node = { ...controller({ meetings: 30, cpu_ratio: 0 }), reserved: 20 };
    expect(freeUnits(controllerCapacity, node)).toBe(50);
    expect(headroomOf(controllerCapacity, node)).toBeCloseTo(0.5);
    expect(headroomOf(controllerCapacity, { ...node, reserved: 500 })).toBe(0);
  });

  it('GC-4 lets a node that has less than a meeting reserves take one meeting', () => {
    const small = handler({ streams: 0 });
    const registration = { ...small.registration, capacity: { max_streams: 2, max_bandwidth_bps: 1 } };
    expect(unitsNeeded(handlerCapacity, registration)).toBe(2);
    expect(unitsNeeded(handlerCapacity, small.registration)).toBe(4);
  });
});
