// Capsules of WebTransport where no QUIC is below it, and the bounds both ends keep to (protocol document, "Sessions over
// TCP"). Code points of draft-ietf-webtrans-http2 §6.

export const CapsuleType = {
  datagram: 0x00,
  closeSession: 0x2843,
  /** Says nothing, and so that its sender lives. */
  padding: 0x190b4d38,
  resetStream: 0x190b4d39,
  stopSending: 0x190b4d3a,
  stream: 0x190b4d3b,
  streamEnd: 0x190b4d3c,
  maxData: 0x190b4d3d,
  maxStreamData: 0x190b4d3e,
  maxStreamsBidirectional: 0x190b4d3f,
  maxStreamsUnidirectional: 0x190b4d40,
} as const;

/** What a sender may have sent on a stream that its reader has not read, bytes. Known to both ends from the start. */
export const STREAM_WINDOW_BYTES = 262_144;
/** The same for all streams of a session together. */
export const SESSION_WINDOW_BYTES = 4_194_304;
/** Stream bytes that go out as one capsule, so that a datagram never waits behind more. */
export const MAX_STREAM_CHUNK_BYTES = 16_384;
/** Datagrams are never longer, bytes: as much as one takes on QUIC, so that what comes in may go out either way. */
export const MAX_DATAGRAM_BYTES = 1_200;
/** Longest value of a capsule that is taken: a whole stream window behind the stream's id. */
export const MAX_CAPSULE_BYTES = STREAM_WINDOW_BYTES + 8;

/** The WebSocket subprotocol (RFC 6455 §1.9) of a session whose messages are capsules. */
export const WEBSOCKET_PROTOCOL = 'dark-tower.webtransport.v1';
