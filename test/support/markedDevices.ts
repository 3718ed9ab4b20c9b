// Replaces a page's camera and microphone by ones that can be told apart on the other side: a picture in one colour with
// a bar that moves, and a tone.
import type { Page } from 'playwright-core';

export interface DeviceMark {
  /** CSS colour of the whole picture but for the bar. */
  readonly color: string;
  readonly toneHz: number;
}

/** Must be called before the page is loaded. */
export async function markDevices(page: Page, mark: DeviceMark): Promise<void> {
  await page.addInitScript(({ color, toneHz }) => {
    const WIDTH = 640;
    const HEIGHT = 360;
    const FRAME_MS = 40;

    const camera = (): MediaStreamTrack => {
      const canvas = document.createElement('canvas');
      canvas.width = WIDTH;
      canvas.height = HEIGHT;
      const context = canvas.getContext('2d', { alpha: false });
      let frame = 0;
      const draw = (): void => {
        if (!context) return;
        context.fillStyle = color;
        context.fillRect(0, 0, WIDTH, HEIGHT);
        context.fillStyle = 'white';
        context.fillRect((frame++ * 8) % WIDTH, HEIGHT - 40, 40, 40);
      };
      draw();
      setInterval(draw, FRAME_MS);
      const track = canvas.captureStream(1_000 / FRAME_MS).getVideoTracks()[0];
      if (!track) throw new Error('The canvas gave no video track');
      return track;
    };

    const microphone = (): MediaStreamTrack => {
      const audio = new AudioContext({ sampleRate: 48_000 });
      const tone = new OscillatorNode(audio, { frequency: toneHz });
      const output = audio.createMediaStreamDestination();
      tone.connect(new GainNode(audio, { gain: 0.4 })).connect(output);
      tone.start();
      const track = output.stream.getAudioTracks()[0];
      if (!track) throw new Error('The tone gave no audio track');
      return track;
    };

    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const tracks = [];
      if (constraints?.video) tracks.push(camera());
      if (constraints?.audio) tracks.push(microphone());
      return new MediaStream(tracks);
    };
  }, mark);
}
