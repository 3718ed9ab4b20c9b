// What a peer can do wrong, as values: the error code that the connection or stream ends with (RFC 9114 §8.1, RFC 9204
// §6, RFC 9297 §5.2) and a sentence for the log. Parsers answer one of these; they never throw (ledger MH-10).

export interface H3Fault {
  readonly name: string;
  /** HTTP/3 error code. */
  readonly code: number;
  readonly message: string;
}

function fault<Name extends string>(name: Name, code: number, message: string) {
  return { name, code, message } as const;
}

export const H3_NO_ERROR = 0x100;
/** A stream that we do not take: an HTTP request besides the session, a reserved stream type. */
export const H3_STREAM_CREATION_ERROR = 0x103;
/** A connection that the server has no room for. */
export const H3_EXCESSIVE_LOAD = 0x107;
/** One stream too many of a session that is not answered yet (draft-ietf-webtrans-http3 §4.6). */
export const WEBTRANSPORT_BUFFERED_STREAM_REJECTED = 0x3994_bd84;

export const H3Faults = {
  streamCreation: fault('streamCreation', 0x103, 'Peer opened a stream of a kind that it may not open'),
  closedCriticalStream: fault('closedCriticalStream', 0x104, 'Peer ended its control or a QPACK stream'),
  frameUnexpected: fault('frameUnexpected', 0x105, 'Frame is not allowed on this stream or at this point'),
  frameTruncated: fault('frameTruncated', 0x106, 'Stream ended within a frame'),
  frameTooLarge: fault('frameTooLarge', 0x107, 'Frame is over the bound of its type'),
  capsuleTooLarge: fault('capsuleTooLarge', 0x107, 'Capsule is over the bound'),
  tooManySettings: fault('tooManySettings', 0x107, 'Settings are over the bound'),
  sessionId: fault('sessionId', 0x108, 'Stream names a session that does not exist'),
  settings: fault('settings', 0x109, 'Settings are malformed, repeated or reserved'),
  settingsUnsupported: fault('settingsUnsupported', 0x109, 'Peer does not offer WebTransport with datagrams'),
  missingSettings: fault('missingSettings', 0x10a, 'Control stream does not begin with settings'),
  requestIncomplete: fault('requestIncomplete', 0x10d, 'Stream ended before the whole header section came'),
  message: fault('message', 0x10e, 'Header section is malformed'),
  capsule: fault('capsule', 0x10e, 'Close capsule is malformed'),
  headerSectionTooLarge: fault('headerSectionTooLarge', 0x107, 'Header section is over the bound'),
  qpack: fault('qpack', 0x200, 'Header section does not decode'),
  qpackDynamicTable: fault(
    'qpackDynamicTable',
    0x200,
    'Header section refers to a dynamic table of capacity 0',
  ),
} satisfies Record<string, H3Fault>;
