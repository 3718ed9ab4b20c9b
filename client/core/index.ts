export type { Delivery } from '../../shared/media-session/delivery.ts';
export { ApiClient, type ApiClientOptions, type Fetch } from './api/ApiClient.ts';
export { ConnectionError, type ConnectionErrorCode } from './errors.ts';
export { LastingRoom, type LastingRoomEvents } from './LastingRoom.ts';
export type { EncodedFrame, ReceivedFrame } from './media/EncodedFrame.ts';
export { MediaConnection } from './media/MediaConnection.ts';
export type { OutgoingStats, OutgoingStream, SendMode } from './media/OutgoingStream.ts';
export type { ReceiverInterval } from './media/ReceiverStats.ts';
export type { StreamReceiver } from './media/StreamReceiver.ts';
export { type JoinTimings, Room } from './Room.ts';
export type { RoomOptions } from './RoomContext.ts';
export type { RoomEnd, RoomEvents } from './RoomEvents.ts';
export type { ParticipantQuality } from './signaling/participantQuality.ts';
export { SignalingClient } from './signaling/SignalingClient.ts';
export type { LeaveReason, Participant, PublishedStream, StreamSettings } from './signaling/types.ts';
export { systemTimers, type Timers } from './timers.ts';
export {
  type ClientTransport,
  type TransportCloseInfo,
  type TransportFactory,
  webTransport,
} from './transport.ts';
