// Runs on the browser's audio thread; built as a file of its own, next to the page's script.
import { PlayoutBuffer } from './PlayoutBuffer.ts';
import { PLAYOUT_PROCESSOR, type PlayoutMessage, type PlayoutReport } from './playoutMessages.ts';

// TypeScript's DOM library leaves out what exists only on the audio thread (W3C Web Audio, AudioWorkletGlobalScope).
declare const sampleRate: number;
declare const currentTime: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const REPORT_INTERVAL_SECONDS = 0.25;

class PlayoutProcessor extends AudioWorkletProcessor {
  readonly #buffer = new PlayoutBuffer(sampleRate);
  #reportedAt = 0;
  #stopped = false;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<PlayoutMessage>) => {
      const message = event.data;
      if (message.type === 'samples') this.#buffer.write(message.timestampUs, message.samples);
      else if (message.type === 'target') this.#buffer.targetMs = message.targetMs;
      else this.#stopped = true;
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0];
    const first = channels?.[0];
    if (channels !== undefined && first !== undefined) {
      this.#buffer.pull(first);
      for (const channel of channels) if (channel !== first) channel.set(first);
    }
    if (currentTime - this.#reportedAt >= REPORT_INTERVAL_SECONDS) {
      this.#reportedAt = currentTime;
      this.port.postMessage(this.#buffer.stats satisfies PlayoutReport);
    }
    return !this.#stopped;
  }
}

registerProcessor(PLAYOUT_PROCESSOR, PlayoutProcessor);
