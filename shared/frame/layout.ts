// The 42-byte media frame header (protocol document, "Media datagram"). All integers big-endian.
//
//  0        1        2                                              10                14
//  +--------+--------+----------------------------------------------+-----------------+
//  |version | type   | user id (64; upper 32 zero)                  | stream id (32)  |
//  +--------+--------+----------------------------------------------+-----------------+
// 14                                   22                                   30
//  +-----------------------------------+------------------------------------+
//  | timestamp, us since epoch (64)    | sequence number (64)               |
//  +-----------------------------------+------------------------------------+
// 30               34       36       37                39       40                42
//  +----------------+--------+--------+-----------------+--------+-----------------+
//  | payload length | flags  | layer  | fragment index  | hops   | base frame      |
//  +----------------+--------+--------+-----------------+--------+-----------------+

export const HEADER_BYTES = 42;
export const FRAME_VERSION = 1;

export const OFFSET_VERSION = 0;
export const OFFSET_TYPE = 1;
export const OFFSET_USER_ID = 2;
export const OFFSET_STREAM_ID = 10;
export const OFFSET_TIMESTAMP = 14;
export const OFFSET_SEQUENCE = 22;
export const OFFSET_PAYLOAD_LENGTH = 30;
export const OFFSET_FLAGS = 34;
export const OFFSET_LAYER = 36;
export const OFFSET_FRAGMENT_INDEX = 37;
export const OFFSET_HOP_COUNT = 39;
export const OFFSET_BASE_FRAME = 40;

/** Frame types; 0x80 and up are control datagrams (control.ts). */
export const FrameType = { audio: 0, videoKey: 1, videoDelta: 2 } as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];
export const FIRST_CONTROL_TYPE = 0x80;

export const FLAG_END_OF_FRAME = 0b01;
export const FLAG_DISCARDABLE = 0b10;
/** In the form (stream or datagrams) that is not its publisher's own choice: for those alone who asked for this form. */
export const FLAG_ON_DEMAND = 0b100;
export const KNOWN_FLAGS = FLAG_END_OF_FRAME | FLAG_DISCARDABLE | FLAG_ON_DEMAND;

export const LAYER_SPATIAL_MASK = 0b000_111;
export const LAYER_TEMPORAL_MASK = 0b111_000;
export const LAYER_TEMPORAL_SHIFT = 3;
export const LAYER_BITS = 0b111_111;
export const MAX_SPATIAL_LAYER = 2;

/** Header and payload of a datagram together. */
export const MAX_DATAGRAM_BYTES = 1_100;
export const MAX_DATAGRAM_PAYLOAD_BYTES = MAX_DATAGRAM_BYTES - HEADER_BYTES;
/** A frame on a stream is whole; its header and payload must fit the stream's receive window of 1 MB. */
export const MAX_STREAM_FRAME_BYTES = 1_000_000;
/** A frame with this many hops is not sent to another handler again. */
export const MAX_HOPS = 3;
