// Code points of HTTP/3 and WebTransport, and the bounds on what a peer can make us hold (ledger MH-10).

/** RFC 9114 §7.2; the last is the prefix of a WebTransport bidirectional stream (draft-ietf-webtrans-http3 §4.3). */
export const FrameType = {
  data: 0x00,
  headers: 0x01,
  settings: 0x04,
  pushPromise: 0x05,
  webTransportStream: 0x41,
} as const;

/** Frame types of HTTP/2 that HTTP/3 forbids: PRIORITY, PING, WINDOW_UPDATE, CONTINUATION (RFC 9114 §7.2.8). */
export const FORBIDDEN_FRAME_TYPES: ReadonlySet<number> = new Set([0x02, 0x06, 0x08, 0x09]);

/** RFC 9114 §6.2, RFC 9204 §4.2, draft-ietf-webtrans-http3 §4.2. */
export const UniStreamType = {
  control: 0x00,
  push: 0x01,
  qpackEncoder: 0x02,
  qpackDecoder: 0x03,
  webTransport: 0x54,
} as const;

/** RFC 9297 §3.5 and draft-ietf-webtrans-http3 §6. */
export const CapsuleType = { closeSession: 0x2843, drainSession: 0x78ae } as const;

/**
 * The session's id: the id of its CONNECT stream. Only the first bidirectional stream of the client can be a session,
 * so one connection is one session and a datagram's prefix is one byte (quarter stream id 0).
 */
export const SESSION_ID = 0;

export const Bounds = {
  /** Encoded header section of a request or response, bytes. Browsers send under 1 KiB. */
  headersFrameBytes: 16_384,
  /** Decoded header section as RFC 9114 §4.2.2 counts it (name, value and 32 for each field), bytes. */
  fieldSectionBytes: 16_384,
  fields: 64,
  /** One name or value, decoded, bytes. */
  fieldStringBytes: 8_192,
  settingsFrameBytes: 1_024,
  settings: 64,
  /** A capsule's value, bytes; longer ones are an attack, since none that we know is. */
  capsuleBytes: 65_536,
} as const;
