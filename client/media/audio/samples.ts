/** Samples of an AudioData, mixed down to one channel, -1 to 1. */
export function readMono(data: AudioData): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(data.numberOfFrames);
  data.copyTo(mono, { planeIndex: 0, format: 'f32-planar' });
  if (data.numberOfChannels === 1) return mono;
  const plane = new Float32Array(data.numberOfFrames);
  for (let planeIndex = 1; planeIndex < data.numberOfChannels; planeIndex++) {
    data.copyTo(plane, { planeIndex, format: 'f32-planar' });
    for (let i = 0; i < mono.length; i++) mono[i] = (mono[i] ?? 0) + (plane[i] ?? 0);
  }
  for (let i = 0; i < mono.length; i++) mono[i] = (mono[i] ?? 0) / data.numberOfChannels;
  return mono;
}

/** Root mean square, 0 to 1. */
export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.min(1, Math.sqrt(sum / samples.length));
}
