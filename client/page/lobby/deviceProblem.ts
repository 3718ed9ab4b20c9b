// What getUserMedia's refusals mean to a person (names: W3C Media Capture and Streams, section 10.2).

export type DeviceName = 'camera' | 'microphone';

export function deviceProblem(device: DeviceName, errorName: string): string {
  const name = device === 'camera' ? 'Camera' : 'Microphone';
  switch (errorName) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `${name} blocked. Allow it in your browser's address bar, then turn it on here.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${device} found. Plug one in, or join without it.`;
    case 'NotReadableError':
    case 'AbortError':
      return `${name} busy. Close the other app that uses it, then turn it on here.`;
    default:
      return `${name} not available. You can join without it.`;
  }
}
