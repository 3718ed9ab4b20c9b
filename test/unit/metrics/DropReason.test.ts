import { describe, expect, it } from 'vitest';
import {
  DESTINATION_DROP_NAMES,
  DROP_REASON_NAMES,
  DROP_REASONS,
  DropReason,
} from '../../../media-node/metrics/DropReason.ts';
import { FRAME_FAULT_NAMES, FrameFault } from '../../../shared/frame/validate.ts';

describe('DropReason', () => {
  it('MH-8 numbers its reasons without a gap, each under its name', () => {
    expect(DROP_REASON_NAMES.map((name) => DropReason[name])).toEqual(
      Array.from({ length: DROP_REASONS }, (_, index) => index),
    );
  });

  it('MH-10 has every fault of the frame codec at the codec number', () => {
    for (const name of FRAME_FAULT_NAMES) expect(DropReason[name]).toBe(FrameFault[name]);
  });

  it('MH-4 names the drops that are a destination in trouble', () => {
    expect(DESTINATION_DROP_NAMES).toEqual([
      'destinationCongested',
      'destinationTooLarge',
      'destinationClosed',
      'destinationDiscardable',
      'destinationDelta',
      'destinationUndecodable',
    ]);
  });
});
