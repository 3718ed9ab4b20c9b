// Why something a peer sent was not passed on (ledger MH-4, MH-8, MH-10): a closed set, so that a reason is an index into
// preallocated counters. The first ones are the frame codec's faults, at the codec's own numbers.

export const DropReason = {
  none: 0,
  // Datagrams, on the way in: the frame itself (FrameFault, same numbers).
  truncated: 1,
  oversized: 2,
  unknownVersion: 3,
  unknownType: 4,
  userIdTooLarge: 5,
  lengthMismatch: 6,
  unknownFlags: 7,
  badLayer: 8,
  tooManyHops: 9,
  // Datagrams, on the way in: who sent it and where to.
  unauthenticated: 10,
  /** A client's frames have hop count 0; others come from handlers only. */
  unexpectedHops: 11,
  /** The user id is not the sender's. */
  notSendersStream: 12,
  /** The sender's own user id, a stream it has not published. */
  noRoute: 13,
  noSubscribers: 14,
  controlMalformed: 15,
  /** A control datagram that this side does not take, such as a pong that nobody asked for. */
  controlUnexpected: 16,
  /** The sender is muted for this kind of media (ledger MC-10). */
  muted: 17,
  /** Sound on a stream that was published as video, or the other way round. */
  wrongKind: 18,
  // Copies of datagrams, on the way out: SendOutcome and GateOutcome, in their order.
  destinationCongested: 19,
  destinationTooLarge: 20,
  destinationClosed: 21,
  /** A discardable frame, when there was room for others only. */
  destinationDiscardable: 22,
  /** A delta frame, when there was room for sound and key frames only. */
  destinationDelta: 23,
  /** Part of a frame, or refers to one, that this destination was not sent. */
  destinationUndecodable: 24,
  /** Of a layer, or of a temporal layer, that this subscriber is not sent (ledger SFU-4). */
  layerWithheld: 25,
  // Media streams, on the way in.
  streamUnauthenticated: 26,
  streamMalformed: 27,
  streamNotSenders: 28,
  streamTooMany: 29,
  streamNoSubscribers: 30,
  /** The sender is muted for this kind of media (ledger MC-10). */
  streamMuted: 31,
  // Copies of media streams, on the way out.
  streamQuotaExceeded: 32,
  streamDestinationClosed: 33,
  // Control messages.
  tokenRefused: 34,
  authTimedOut: 35,
  messageOversized: 36,
  messageMalformed: 37,
  messageUnexpected: 38,
  messageRateExceeded: 39,
  /** A key frame request or report for a stream that the sender does not receive. */
  messageNotSubscribed: 40,
  /** A message to a peer that does not read its control stream. */
  messageQueueFull: 41,
  // Media streams that stood still: the sender's, within a header or a frame, and a subscriber's copy.
  streamStalled: 42,
  streamDestinationStalled: 43,
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];
export type DropReasonName = keyof typeof DropReason;

/** Name of each reason, at its number. */
export const DROP_REASON_NAMES = Object.keys(DropReason) as readonly DropReasonName[];
export const DROP_REASONS = DROP_REASON_NAMES.length;

/** Reasons that count datagrams on their way in: each datagram received is routed, taken as control, or one of these. */
export const FIRST_INGRESS_REASON = DropReason.truncated;
export const LAST_INGRESS_REASON = DropReason.wrongKind;
/** Reasons that count copies of datagrams: each copy offered to a destination is sent, or one of these. */
export const FIRST_DESTINATION_REASON = DropReason.destinationCongested;
export const LAST_DESTINATION_REASON = DropReason.layerWithheld;

/** Reasons of which one ends a media stream that came in, and of which one ends a copy of one. */
export const STREAM_REFUSALS: readonly DropReason[] = [
  DropReason.streamUnauthenticated,
  DropReason.streamMalformed,
  DropReason.streamNotSenders,
  DropReason.streamTooMany,
  DropReason.streamMuted,
  DropReason.streamStalled,
];
export const STREAM_COPY_DROPS: readonly DropReason[] = [
  DropReason.streamQuotaExceeded,
  DropReason.streamDestinationClosed,
  DropReason.streamDestinationStalled,
];

/** Whether it counts a copy of a datagram. */
export function isCopyDrop(reason: DropReason): boolean {
  return reason >= FIRST_DESTINATION_REASON && reason <= LAST_DESTINATION_REASON;
}

/** Names of the drops that say that this worker or a path is overloaded; the others are the sender's fault. */
export const DESTINATION_DROP_NAMES: readonly DropReasonName[] = DROP_REASON_NAMES.slice(
  FIRST_DESTINATION_REASON,
  DropReason.destinationUndecodable + 1,
);
