// Capsules on the stream of an extended CONNECT (draft-ietf-webtrans-http2, RFC 9297 §3.2): type, length, value.
import {
  CapsuleType,
  MAX_CAPSULE_BYTES,
  MAX_DATAGRAM_BYTES,
} from '../../../shared/webtransport/capsuleTypes.ts';
import { encodeVarint } from '../../../shared/webtransport/varint.ts';
import { concatBytes } from '../h3/bytes.ts';
import { type H3Fault, H3Faults } from '../h3/fault.ts';
import { TlvReader } from '../h3/TlvReader.ts';
import { DATAGRAM_PREFIX_BYTES } from '../MediaSession.ts';
import type { Framing, FramingSink } from './Framing.ts';

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(CapsuleType));

export class Http2Framing implements Framing {
  /** HTTP/2 has pings of its own, and the end of the stream says goodbye. */
  readonly ping = undefined;
  readonly goodbye = undefined;
  readonly #capsules: TlvReader;
  #fault: string | undefined;

  constructor(sink: FramingSink) {
    this.#capsules = new TlvReader({
      plan: (type, length) => {
        const max = type === CapsuleType.datagram ? MAX_DATAGRAM_BYTES : MAX_CAPSULE_BYTES;
        if (length > max) return H3Faults.capsuleTooLarge;
        return KNOWN_TYPES.has(type) ? 'gather' : 'skip';
      },
      onValue: (type, value) => this.#onCapsule(sink, type, value),
      onPiece: () => undefined,
    });
  }

  encode(type: number, head: Uint8Array, body: Uint8Array): Uint8Array {
    return concatBytes(encodeVarint(type), encodeVarint(head.length + body.length), head, body);
  }

  read(chunk: Uint8Array): string | undefined {
    const fault = this.#capsules.push(chunk);
    return fault === undefined ? undefined : (this.#fault ?? fault.message);
  }

  #onCapsule(sink: FramingSink, type: number, value: Uint8Array): H3Fault | undefined {
    if (type === CapsuleType.datagram) {
      sink.onDatagram(concatBytes(new Uint8Array(DATAGRAM_PREFIX_BYTES), value), DATAGRAM_PREFIX_BYTES);
      return undefined;
    }
    this.#fault = sink.onCapsule(type, value);
    return this.#fault === undefined ? undefined : H3Faults.capsule;
  }
}
