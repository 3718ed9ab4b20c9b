import { isTrackProcessorAvailable } from './capture/trackProcessor.ts';

/**
 * What the SDK needs of a browser, by the names that browsers' own notes use, and whether it is there. WebTransport is not
 * among it: a server that takes sessions over TCP does without, and one that does not is known once it is joined.
 */
const NEEDED: Readonly<Record<string, () => boolean>> = {
  'WebCodecs for video': () => typeof VideoEncoder === 'function' && typeof VideoDecoder === 'function',
  'WebCodecs for sound': () => typeof AudioEncoder === 'function' && typeof AudioDecoder === 'function',
  MediaStreamTrackProcessor: isTrackProcessorAvailable,
  AudioWorklet: () => typeof AudioWorkletNode === 'function',
  'camera and microphone': () => navigator.mediaDevices !== undefined,
};

/**
 * What this browser lacks; none for one that can take part. Asks for no device and no permission. Browsers keep some of it
 * from pages that are not secure (https, or localhost).
 */
export function missingFeatures(): readonly string[] {
  return Object.entries(NEEDED).flatMap(([name, isThere]) => (isThere() ? [] : [name]));
}

/** Words for a list: `WebCodecs for sound and AudioWorklet`. */
export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}
