import { afterEach, describe, expect, it, vi } from 'vitest';
import { captureScreen, isScreenShareAvailable } from '../../../../client/media/capture/screen.ts';
import { FakeTrack, stubDisplay } from './fakeDisplay.ts';

afterEach(() => vi.unstubAllGlobals());

describe('captureScreen', () => {
  it('shares a picture for detail and the sound that comes with it, each as a track of its own', async () => {
    const [video, audio] = [new FakeTrack('video'), new FakeTrack('audio')];
    stubDisplay(async () => [video, audio]);
    const capture = await captureScreen();
    expect([video.contentHint, capture.hasSound, capture.hasEnded]).toEqual(['detail', true, false]);
    expect([capture.openVideo(), capture.openAudio()]).toEqual([video.clones[0], audio.clones[0]]);
    capture.stop();
    expect([video.readyState, audio.readyState, video.clones[0]?.readyState]).toEqual([
      'ended',
      'ended',
      'live',
    ]);
  });

  it('shares a window without sound', async () => {
    stubDisplay(async () => [new FakeTrack('video')]);
    const capture = await captureScreen();
    expect([capture.hasSound, capture.openAudio()]).toEqual([false, undefined]);
  });

  it('tells when the person ends it with the button of the browser', async () => {
    const video = new FakeTrack('video');
    stubDisplay(async () => [video]);
    const capture = await captureScreen();
    const ended = vi.fn();
    capture.onEnded(ended);
    video.endByPerson();
    expect([ended.mock.calls.length, capture.hasEnded]).toEqual([1, true]);
  });

  it.each([
    [new DOMException('Permission denied by user', 'NotAllowedError'), 'cancelled', /No screen/],
    [new DOMException('Permission denied by system', 'NotAllowedError'), 'denied', /system settings/],
    [new DOMException('', 'NotReadableError'), 'unavailable', /another window/],
    [new DOMException('No user gesture', 'InvalidStateError'), 'failed', /again/],
  ])('says what to do about %s', async (error, code, message) => {
    stubDisplay(async () => {
      throw error;
    });
    await expect(captureScreen()).rejects.toMatchObject({
      name: 'ScreenShareError',
      code,
      message: expect.stringMatching(message),
    });
  });

  it('says that a phone cannot', async () => {
    vi.stubGlobal('navigator', { mediaDevices: {} });
    expect(isScreenShareAvailable()).toBe(false);
    await expect(captureScreen()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('phones'),
    });
  });

  it('is not taken in by a browser that gives sound alone', async () => {
    const audio = new FakeTrack('audio');
    stubDisplay(async () => [audio]);
    await expect(captureScreen()).rejects.toMatchObject({ code: 'unavailable' });
    expect(audio.readyState).toBe('ended');
  });
});
