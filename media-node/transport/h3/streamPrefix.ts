// The first bytes of a stream, which say what it is: a type on unidirectional streams (RFC 9114 §6.2), and for the
// streams of a session the type and the session's id (draft-ietf-webtrans-http3 §4.2, §4.3).

import { encodeVarint, VarintReader } from '../../../shared/webtransport/varint.ts';
import { concatBytes } from './bytes.ts';
import { FrameType, SESSION_ID, UniStreamType } from './constants.ts';

export const UNIDIRECTIONAL_PREFIX: Uint8Array = concatBytes(
  encodeVarint(UniStreamType.webTransport),
  encodeVarint(SESSION_ID),
);
export const BIDIRECTIONAL_PREFIX: Uint8Array = concatBytes(
  encodeVarint(FrameType.webTransportStream),
  encodeVarint(SESSION_ID),
);
export const CONTROL_PREFIX: Uint8Array = encodeVarint(UniStreamType.control);

export interface StreamPrefix {
  readonly type: number;
  /** Only on a stream of a session. */
  readonly sessionId: number | undefined;
  /** Bytes of the chunk that belong to the prefix. */
  readonly bytesTaken: number;
}

/** Takes the prefix of one stream, however it was split. */
export class StreamPrefixReader {
  readonly #sessionType: number;
  readonly #varint = new VarintReader();
  #type: number | undefined;

  /** `sessionType` is the type that a session id follows. */
  constructor(direction: 'unidirectional' | 'bidirectional') {
    this.#sessionType =
      direction === 'unidirectional' ? UniStreamType.webTransport : FrameType.webTransportStream;
  }

  /** The prefix once it is whole; after that the reader is done. */
  push(chunk: Uint8Array): StreamPrefix | undefined {
    for (let at = 0; at < chunk.length; at++) {
      const integer = this.#varint.push(chunk[at] ?? 0);
      if (integer === undefined) continue;
      const bytesTaken = at + 1;
      if (this.#type !== undefined) return { type: this.#type, sessionId: integer, bytesTaken };
      if (integer !== this.#sessionType) return { type: integer, sessionId: undefined, bytesTaken };
      this.#type = integer;
    }
    return undefined;
  }
}
