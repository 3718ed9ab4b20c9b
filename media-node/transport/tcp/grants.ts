// What both ends of an HTTP/2 connection allow each other before the first capsule, as settings (draft-ietf-webtrans-http2
// §9.1; code points as fails-components has them).
import type { PeerGrants } from '../../../shared/webtransport/CapsuleMux.ts';
import { SESSION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from '../../../shared/webtransport/capsuleTypes.ts';
import type { TransportLimits } from '../MediaSession.ts';
import { maxBidirectionalStreams } from './TcpMediaSession.ts';

const Setting = {
  maxData: 0x2b61,
  maxStreamDataUnidirectional: 0x2b62,
  maxStreamDataBidirectional: 0x2b63,
  maxStreamsUnidirectional: 0x2b64,
  maxStreamsBidirectional: 0x2b65,
} as const;

export const GRANT_SETTINGS: number[] = Object.values(Setting);

export function encodeGrants(limits: TransportLimits): Record<number, number> {
  return {
    [Setting.maxData]: SESSION_WINDOW_BYTES,
    [Setting.maxStreamDataUnidirectional]: STREAM_WINDOW_BYTES,
    [Setting.maxStreamDataBidirectional]: STREAM_WINDOW_BYTES,
    [Setting.maxStreamsUnidirectional]: limits.maxIncomingStreams,
    [Setting.maxStreamsBidirectional]: maxBidirectionalStreams(limits),
  };
}

export function readGrants(settings: Readonly<Record<number, number>>): PeerGrants {
  return {
    streamWindowBytes: Math.min(
      settings[Setting.maxStreamDataUnidirectional] ?? 0,
      settings[Setting.maxStreamDataBidirectional] ?? 0,
    ),
    sessionWindowBytes: settings[Setting.maxData] ?? 0,
    unidirectionalStreams: settings[Setting.maxStreamsUnidirectional] ?? 0,
    bidirectionalStreams: settings[Setting.maxStreamsBidirectional] ?? 0,
  };
}
