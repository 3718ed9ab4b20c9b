import { describe, expect, it } from 'vitest';
import {
  controllerLoadRatio,
  handlerLoadRatio,
  type MediaHandler,
  type MeetingController,
} from '../../../../functions/registry/MediaNode.ts';
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
    expect(handlerLoadRatio(handler(load))).toBeCloseTo(ratio);
  });

  it('GC-4 is the worse of a controller’s meetings and CPU', () => {
    expect(controllerLoadRatio(controller({ meetings: 30, cpu_ratio: 0.2 }))).toBeCloseTo(0.3);
    expect(controllerLoadRatio(controller({ meetings: 30, cpu_ratio: 0.9 }))).toBeCloseTo(0.9);
  });

  it('GC-4 is not known, and not zero, before the first report', () => {
    expect(handlerLoadRatio(handler({}))).toBe(undefined);
    expect(controllerLoadRatio(controller({}))).toBe(undefined);
  });
});
