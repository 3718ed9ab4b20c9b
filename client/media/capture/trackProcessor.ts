// MediaStreamTrackProcessor (W3C mediacapture-transform), which TypeScript's DOM library does not have.

interface TrackProcessorInit {
  readonly track: MediaStreamTrack;
  /** Frames kept for a reader that is busy; past it the oldest are dropped (and closed) by the browser. */
  readonly maxBufferSize?: number;
}

interface TrackProcessor<Data> {
  readonly readable: ReadableStream<Data>;
}

type TrackProcessorConstructor = new <Data>(init: TrackProcessorInit) => TrackProcessor<Data>;

function constructorOf(): TrackProcessorConstructor | undefined {
  return (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;
}

export function isTrackProcessorAvailable(): boolean {
  return constructorOf() !== undefined;
}

/** What the track captures, until it ends. The reader closes each item. @throws TypeError where there is no such API. */
export function readTrack<Data extends VideoFrame | AudioData>(
  track: MediaStreamTrack,
  maxBufferSize: number,
): ReadableStream<Data> {
  const Processor = constructorOf();
  if (Processor === undefined) throw new TypeError('This browser has no MediaStreamTrackProcessor');
  return new Processor<Data>({ track, maxBufferSize }).readable;
}
