import { afterEach, describe, expect, it, vi } from 'vitest';
import { listOf, missingFeatures } from '../../../../client/media/support.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A browser with all that is needed but these. */
function browserWithout(...missing: readonly string[]): void {
  const names = [
    'WebTransport',
    'VideoEncoder',
    'VideoDecoder',
    'AudioEncoder',
    'AudioDecoder',
    'MediaStreamTrackProcessor',
    'AudioWorkletNode',
  ];
  for (const name of names) vi.stubGlobal(name, missing.includes(name) ? undefined : class {});
  vi.stubGlobal('navigator', missing.includes('mediaDevices') ? {} : { mediaDevices: {} });
}

describe('missingFeatures', () => {
  it.each([
    [[], []],
    // Sessions over TCP do without, where the server takes them.
    [['WebTransport'], []],
    [['VideoDecoder'], ['WebCodecs for video']],
    [['MediaStreamTrackProcessor'], ['MediaStreamTrackProcessor']],
    [
      ['AudioEncoder', 'AudioWorkletNode', 'mediaDevices'],
      ['WebCodecs for sound', 'AudioWorklet', 'camera and microphone'],
    ],
  ])('names what a browser without %j lacks', (missing, named) => {
    browserWithout(...missing);
    expect(missingFeatures()).toEqual(named);
  });

  it('is a list in words', () => {
    expect(listOf(['WebCodecs', 'AudioWorklet', 'camera'])).toBe('WebCodecs, AudioWorklet, and camera');
  });
});
