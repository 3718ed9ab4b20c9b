// The loudspeaker: one audio context, one worklet node per participant.
import { PLAYOUT_PROCESSOR, type PlayoutMessage, type PlayoutReport } from '../audio/playoutMessages.ts';
import { AUDIO_SAMPLE_RATE_HZ } from '../encode/AudioEncoderPipeline.ts';

/** Built next to the page's script (infra/build/bundles.ts), so that a strict Content-Security-Policy allows it. */
const WORKLET_FILE = './playoutWorklet.js';
/** What a browser that waits for a person before it plays anything waits for. */
const GESTURES = ['pointerdown', 'keydown'] as const;

/** For tests: a sixth of a second, in which partials 6 Hz apart can be told. */
const ANALYSED_SAMPLES = 8_192;
const AUDIBLE_DB = -60;

/** Plays one participant's samples. */
export interface AudioSink {
  /** Takes the samples over. */
  write(timestampUs: number, samples: Float32Array<ArrayBuffer>): void;
  /** How much to hold against jitter, ms. */
  setTarget(targetMs: number): void;
  readonly report: PlayoutReport | undefined;
  /** Pitch of what is being played, Hz: of the strongest partial; undefined while it is silent. The first call starts it. */
  dominantFrequencyForTesting?(): number | undefined;
  close(): void;
}

export class AudioOutput {
  readonly #context: AudioContext;
  readonly #ready: Promise<void>;
  readonly #resume = (): void => {
    if (this.#context.state === 'suspended') void this.#context.resume();
  };

  constructor() {
    this.#context = new AudioContext({ sampleRate: AUDIO_SAMPLE_RATE_HZ, latencyHint: 'interactive' });
    this.#ready = this.#context.audioWorklet.addModule(new URL(WORKLET_FILE, import.meta.url));
    this.#ready.catch(() => undefined);
    for (const gesture of GESTURES) document.addEventListener(gesture, this.#resume);
    this.#resume();
  }

  /** Resolves when sound can be played. Rejects when the worklet could not be loaded. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Call once ready. */
  open(): AudioSink {
    const node = new AudioWorkletNode(this.#context, PLAYOUT_PROCESSOR, {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    let report: PlayoutReport | undefined;
    let analyser: AnalyserNode | undefined;
    node.port.onmessage = (event: MessageEvent<PlayoutReport>) => {
      report = event.data;
    };
    node.connect(this.#context.destination);
    const post = (message: PlayoutMessage, transfer: Transferable[] = []): void =>
      node.port.postMessage(message, transfer);
    return {
      write: (timestampUs, samples) => post({ type: 'samples', timestampUs, samples }, [samples.buffer]),
      setTarget: (targetMs) => post({ type: 'target', targetMs }),
      get report() {
        return report;
      },
      dominantFrequencyForTesting: () => {
        analyser ??= this.#analyse(node);
        return dominantFrequencyHz(analyser);
      },
      close: () => {
        post({ type: 'stop' });
        node.disconnect();
      },
    };
  }

  /** Idempotent. */
  close(): void {
    for (const gesture of GESTURES) document.removeEventListener(gesture, this.#resume);
    if (this.#context.state !== 'closed') void this.#context.close();
  }

  #analyse(node: AudioNode): AnalyserNode {
    const analyser = new AnalyserNode(this.#context, { fftSize: ANALYSED_SAMPLES, smoothingTimeConstant: 0 });
    node.connect(analyser);
    return analyser;
  }
}

function dominantFrequencyHz(analyser: AnalyserNode): number | undefined {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudestDb = Math.max(...bins);
  if (loudestDb < AUDIBLE_DB) return undefined;
  return (bins.indexOf(loudestDb) * analyser.context.sampleRate) / analyser.fftSize;
}
