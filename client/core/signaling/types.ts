// What signaling says, as plain values: protobuf messages are turned into these where they enter.
import {
  type ColorSpace as ColorSpaceMessage,
  type JoinResponse,
  type MediaServer,
  type ParticipantInfo,
  type StreamInfo,
  signaling,
} from '../../../shared/signaling/messages.ts';

export type StreamKind = 'audio' | 'video';
export type StreamSource = 'microphone' | 'camera' | 'screen' | 'screen_audio';

/** Code points of ITU-T H.273, sections 8.1 to 8.3; 2 is unspecified. */
export interface ColorSpace {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
}

/** What a publisher says about a stream. `codec` is a WebCodecs codec string. */
export interface StreamSettings {
  readonly kind: StreamKind;
  readonly source: StreamSource;
  readonly codec: string;
  readonly spatialLayer?: number;
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
  readonly bitrateBps?: number;
  readonly sampleRateHz?: number;
  readonly channels?: number;
  /** Of the encoded pictures, where the codec does not carry it. */
  readonly colorSpace?: ColorSpace;
}

/** A published stream. `streamId` is unique within `userId`. */
export interface PublishedStream extends StreamSettings {
  readonly userId: number;
  readonly streamId: number;
}

export interface Participant {
  readonly participantId: string;
  readonly userId: number;
  readonly displayName: string;
  readonly audioMuted: boolean;
  readonly videoMuted: boolean;
  /** Muted by a host: what is sent reaches nobody, whatever the participant does. */
  readonly audioMutedByHost: boolean;
  readonly videoMutedByHost: boolean;
  /** User id of the host who muted last; undefined while none does. */
  readonly mutedByUserId: number | undefined;
  /** May mute and remove others. */
  readonly isHost: boolean;
  readonly joinedAtMs: number;
  readonly streams: readonly PublishedStream[];
}

export type LeaveReason = 'left' | 'connection_lost' | 'timed_out' | 'removed' | 'meeting_ended';

export interface MediaServerAddress {
  readonly handlerId: string;
  readonly url: string;
  readonly certificateHashes: readonly Uint8Array[];
  readonly connectionToken: string;
}

/** Answer to a join. */
export interface JoinedMeeting {
  readonly meetingId: string;
  readonly meetingName: string;
  readonly self: Participant;
  /** The others. */
  readonly participants: readonly Participant[];
  readonly mediaServers: readonly MediaServerAddress[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly maxParticipants: number;
}

const SOURCES: readonly StreamSource[] = ['microphone', 'camera', 'screen', 'screen_audio'];
const LEAVE_REASONS: readonly LeaveReason[] = [
  'left',
  'connection_lost',
  'timed_out',
  'removed',
  'meeting_ended',
];

const DEFAULT_HEARTBEAT_INTERVAL_MS = 15_000;
const DEFAULT_HEARTBEAT_TIMEOUT_MS = 30_000;

export function toStreamInfo(settings: StreamSettings): StreamInfo {
  const { MediaKind } = signaling;
  return {
    kind: settings.kind === 'video' ? MediaKind.VIDEO : MediaKind.AUDIO,
    source: SOURCES.indexOf(settings.source),
    codec: settings.codec,
    spatialLayer: settings.spatialLayer ?? 0,
    width: settings.width ?? 0,
    height: settings.height ?? 0,
    framesPerSecond: settings.framesPerSecond ?? 0,
    bitrateBps: settings.bitrateBps ?? 0,
    sampleRateHz: settings.sampleRateHz ?? 0,
    channels: settings.channels ?? 0,
    colorSpace: settings.colorSpace ?? null,
  };
}

/** Zero means "not said" in every number of a StreamInfo but its ids and layer. */
export function fromStreamInfo(info: StreamInfo): PublishedStream {
  return {
    userId: info.userId ?? 0,
    streamId: info.streamId ?? 0,
    kind: info.kind === signaling.MediaKind.VIDEO ? 'video' : 'audio',
    source: SOURCES[info.source ?? 0] ?? 'microphone',
    codec: info.codec ?? '',
    spatialLayer: info.spatialLayer ?? 0,
    ...(info.width && { width: info.width }),
    ...(info.height && { height: info.height }),
    ...(info.framesPerSecond && { framesPerSecond: info.framesPerSecond }),
    ...(info.bitrateBps && { bitrateBps: info.bitrateBps }),
    ...(info.sampleRateHz && { sampleRateHz: info.sampleRateHz }),
    ...(info.channels && { channels: info.channels }),
    ...(info.colorSpace && { colorSpace: fromColorSpace(info.colorSpace) }),
  };
}

/** A zero is a code point like any other here: matrix 0 means RGB. */
function fromColorSpace(message: ColorSpaceMessage): ColorSpace {
  return {
    primaries: message.primaries ?? 0,
    transfer: message.transfer ?? 0,
    matrix: message.matrix ?? 0,
    fullRange: message.fullRange ?? false,
  };
}

export function fromParticipantInfo(info: ParticipantInfo): Participant {
  return {
    participantId: info.participantId ?? '',
    userId: info.userId ?? 0,
    displayName: info.displayName ?? '',
    audioMuted: info.audioMuted ?? false,
    videoMuted: info.videoMuted ?? false,
    audioMutedByHost: info.audioMutedByHost ?? false,
    videoMutedByHost: info.videoMutedByHost ?? false,
    mutedByUserId: info.mutedByUserId || undefined,
    isHost: info.isHost ?? false,
    joinedAtMs: info.joinedAtMs ?? 0,
    streams: (info.streams ?? []).map(fromStreamInfo),
  };
}

export function fromLeaveReason(reason: number | null | undefined): LeaveReason {
  return LEAVE_REASONS[reason ?? 0] ?? 'left';
}

export function fromJoinResponse(response: JoinResponse): JoinedMeeting {
  return {
    meetingId: response.meetingId ?? '',
    meetingName: response.meetingName || (response.meetingId ?? ''),
    self: fromParticipantInfo(response.self ?? {}),
    participants: (response.participants ?? []).map(fromParticipantInfo),
    mediaServers: (response.mediaServers ?? []).map(fromMediaServer),
    heartbeatIntervalMs: response.heartbeatIntervalMs || DEFAULT_HEARTBEAT_INTERVAL_MS,
    heartbeatTimeoutMs: response.heartbeatTimeoutMs || DEFAULT_HEARTBEAT_TIMEOUT_MS,
    maxParticipants: response.maxParticipants ?? 0,
  };
}

export function fromMediaServer(server: MediaServer): MediaServerAddress {
  return {
    handlerId: server.handlerId ?? '',
    url: server.url ?? '',
    certificateHashes: server.certificateHashes ?? [],
    connectionToken: server.connectionToken ?? '',
  };
}
