import { isWebTransportAvailable } from '../core/transport.ts';
import { isTrackProcessorAvailable } from './capture/trackProcessor.ts';

/** Whether this browser has everything that the SDK needs. Needs a secure context too (https, or localhost). */
export function isSupported(): boolean {
  return (
    isWebTransportAvailable() &&
    typeof VideoEncoder === 'function' &&
    typeof VideoDecoder === 'function' &&
    typeof AudioEncoder === 'function' &&
    typeof AudioDecoder === 'function' &&
    typeof AudioWorkletNode === 'function' &&
    navigator.mediaDevices !== undefined &&
    isTrackProcessorAvailable()
  );
}
