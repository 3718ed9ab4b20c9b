// WebSocket frames (RFC 6455 §5): each binary message is one capsule, its type as a varint and then its value.
import {
  CapsuleType,
  MAX_CAPSULE_BYTES,
  MAX_DATAGRAM_BYTES,
} from '../../../shared/webtransport/capsuleTypes.ts';
import { encodeVarint, readVarint, varintLength } from '../../../shared/webtransport/varint.ts';
import { concatBytes } from '../h3/bytes.ts';
import { type Framing, type FramingSink, NO_BYTES } from './Framing.ts';

const Opcode = { continuation: 0x0, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
const FIN_BIT = 0x80;
const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0f;
const CONTROL_BIT = 0x08;
const MASK_BIT = 0x80;
const LENGTH_BITS = 0x7f;
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 127;
const MAX_CONTROL_BYTES = 125;
const MASK_BYTES = 4;
const MAX_HEADER_BYTES = 14;
/** A capsule of the largest value behind a type of four bytes. */
const MAX_MESSAGE_BYTES = MAX_CAPSULE_BYTES + 4;
/** Frames of one message; empty ones would otherwise cost nothing and be kept. */
const MAX_FRAGMENTS = 64;
/** Close code 1000, normal closure; what there is to say was said in a capsule. */
const NORMAL_CLOSURE = Uint8Array.of(0x03, 0xe8);

export type WebSocketRole = 'client' | 'server';

interface Header {
  readonly opcode: number;
  readonly fin: boolean;
  readonly mask: Uint8Array | undefined;
  readonly length: number;
}

export class WebSocketFraming implements Framing {
  readonly goodbye: Uint8Array;
  readonly ping: Uint8Array;
  readonly #role: WebSocketRole;
  readonly #sink: FramingSink;
  /** The bytes of a header that is not complete. */
  readonly #head = new Uint8Array(MAX_HEADER_BYTES);
  #headFilled = 0;
  #frame: Header | undefined;
  /** The payload of a frame that did not come in one piece. */
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  /** Payloads of a message whose last frame is to come, and their bytes. */
  #fragments: Uint8Array[] | undefined;
  #fragmentBytes = 0;

  constructor(role: WebSocketRole, sink: FramingSink) {
    this.#role = role;
    this.#sink = sink;
    // The ping is answered by the engine below a page; the page itself sees only messages.
    this.ping = concatBytes(
      this.#frameOf(Opcode.ping, NO_BYTES, NO_BYTES, NO_BYTES),
      this.encode(CapsuleType.padding, NO_BYTES, NO_BYTES),
    );
    this.goodbye = this.#frameOf(Opcode.close, NORMAL_CLOSURE, NO_BYTES, NO_BYTES);
  }

  encode(type: number, head: Uint8Array, body: Uint8Array): Uint8Array {
    return this.#frameOf(Opcode.binary, encodeVarint(type), head, body);
  }

  read(chunk: Uint8Array): string | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        const header = this.#readHeader(chunk, at);
        if (typeof header === 'string') return header;
        if (header === undefined) return undefined;
        at = header.next;
        this.#frame = header.frame;
        const fault = this.#checkFrame(header.frame);
        if (fault !== undefined) return fault;
        if (header.frame.length > 0) continue;
      }
      const payload = this.#readPayload(this.#frame, chunk, at);
      at += payload.taken;
      if (payload.whole === undefined) return undefined;
      const fault = this.#onFrame(this.#frame, payload.whole);
      if (fault !== undefined) return fault;
      this.#frame = undefined;
    }
    return undefined;
  }

  /** The header that ends in this chunk and where it ends; undefined when it does not. */
  #readHeader(
    chunk: Uint8Array,
    from: number,
  ): { readonly frame: Header; readonly next: number } | string | undefined {
    for (let at = from; at < chunk.length; at++) {
      this.#head[this.#headFilled++] = chunk[at] ?? 0;
      if (this.#headFilled < 2 || this.#headFilled < headerBytes(this.#head)) continue;
      this.#headFilled = 0;
      const frame = decodeHeader(this.#head);
      return frame === undefined ? 'a WebSocket frame over the bound' : { frame, next: at + 1 };
    }
    return undefined;
  }

  #checkFrame({ opcode, fin, mask, length }: Header): string | undefined {
    if (((this.#head[0] ?? 0) & RESERVED_BITS) !== 0) return 'a WebSocket frame with an extension';
    if ((mask === undefined) === (this.#role === 'server')) return 'a WebSocket frame with the wrong masking';
    if ((opcode & CONTROL_BIT) !== 0)
      return fin && length <= MAX_CONTROL_BYTES ? undefined : 'a WebSocket control frame over the bound';
    if (opcode !== Opcode.binary && opcode !== Opcode.continuation)
      return 'a WebSocket message that is not binary';
    if ((opcode === Opcode.continuation) === (this.#fragments === undefined))
      return 'a WebSocket message within another';
    return this.#fragmentBytes + length > MAX_MESSAGE_BYTES
      ? 'a WebSocket message over the bound'
      : undefined;
  }

  /** The frame's payload when all of it is there: in place where it came in one piece. */
  #readPayload(
    { length, mask }: Header,
    chunk: Uint8Array,
    at: number,
  ): { readonly taken: number; readonly whole: Uint8Array | undefined } {
    if (this.#payload === undefined && chunk.length - at >= length) {
      const whole = chunk.subarray(at, at + length);
      applyMask(whole, mask);
      return { taken: length, whole };
    }
    this.#payload ??= new Uint8Array(length);
    const piece = chunk.subarray(at, at + length - this.#payloadFilled);
    this.#payload.set(piece, this.#payloadFilled);
    this.#payloadFilled += piece.length;
    if (this.#payloadFilled < length) return { taken: piece.length, whole: undefined };
    const whole = this.#payload;
    applyMask(whole, mask);
    this.#payload = undefined;
    this.#payloadFilled = 0;
    return { taken: piece.length, whole };
  }

  #onFrame({ opcode, fin }: Header, payload: Uint8Array): string | undefined {
    switch (opcode) {
      case Opcode.ping:
        this.#sink.onAnswer(this.#frameOf(Opcode.pong, payload, NO_BYTES, NO_BYTES));
        return undefined;
      case Opcode.close:
        this.#sink.onGoodbye();
        return undefined;
      case Opcode.binary:
      case Opcode.continuation:
        return this.#onData(payload, fin);
      default:
        // A pong: that it came is all it says.
        return undefined;
    }
  }

  #onData(payload: Uint8Array, fin: boolean): string | undefined {
    if (fin && this.#fragments === undefined) return this.#onMessage(payload);
    this.#fragments ??= [];
    if (this.#fragments.length === MAX_FRAGMENTS) return 'a WebSocket message in too many frames';
    this.#fragments.push(payload);
    this.#fragmentBytes += payload.length;
    if (!fin) return undefined;
    const message = concatBytes(...this.#fragments);
    this.#fragments = undefined;
    this.#fragmentBytes = 0;
    return this.#onMessage(message);
  }

  #onMessage(message: Uint8Array): string | undefined {
    const type = readVarint(message, 0);
    if (type === undefined) return 'a WebSocket message without a capsule';
    const at = varintLength(message[0] ?? 0);
    if (type !== CapsuleType.datagram) return this.#sink.onCapsule(type, message.subarray(at));
    if (message.length - at > MAX_DATAGRAM_BYTES) return 'a datagram over the bound';
    this.#sink.onDatagram(message, at);
    return undefined;
  }

  /** A frame whose payload is the three parts. */
  #frameOf(opcode: number, one: Uint8Array, two: Uint8Array, three: Uint8Array): Uint8Array {
    const length = one.length + two.length + three.length;
    const masked = this.#role === 'client';
    const lengthBytes = length <= MAX_CONTROL_BYTES ? 0 : length <= 0xffff ? 2 : 8;
    const maskAt = 2 + lengthBytes;
    const payloadAt = maskAt + (masked ? MASK_BYTES : 0);
    const frame = new Uint8Array(payloadAt + length);
    const view = new DataView(frame.buffer);
    frame[0] = FIN_BIT | opcode;
    const shortLength = lengthBytes === 0 ? length : lengthBytes === 2 ? TWO_BYTE_LENGTH : EIGHT_BYTE_LENGTH;
    frame[1] = (masked ? MASK_BIT : 0) | shortLength;
    if (lengthBytes === 2) view.setUint16(2, length);
    if (lengthBytes === 8) view.setUint32(6, length);
    frame.set(one, payloadAt);
    frame.set(two, payloadAt + one.length);
    frame.set(three, payloadAt + one.length + two.length);
    if (masked) {
      const mask = crypto.getRandomValues(frame.subarray(maskAt, payloadAt));
      applyMask(frame.subarray(payloadAt), mask);
    }
    return frame;
  }
}

/** Bytes of the header that begins with these two. */
function headerBytes(head: Uint8Array): number {
  const second = head[1] ?? 0;
  const length = second & LENGTH_BITS;
  const lengthBytes = length === TWO_BYTE_LENGTH ? 2 : length === EIGHT_BYTE_LENGTH ? 8 : 0;
  return 2 + lengthBytes + ((second & MASK_BIT) === 0 ? 0 : MASK_BYTES);
}

/** A complete header; undefined when it announces more than 4 GiB. */
function decodeHeader(head: Uint8Array): Header | undefined {
  const [first = 0, second = 0] = head;
  const view = new DataView(head.buffer, head.byteOffset);
  const shortLength = second & LENGTH_BITS;
  let length = shortLength;
  if (shortLength === TWO_BYTE_LENGTH) length = view.getUint16(2);
  if (shortLength === EIGHT_BYTE_LENGTH) {
    if (view.getUint32(2) !== 0) return undefined;
    length = view.getUint32(6);
  }
  const end = headerBytes(head);
  const masked = (second & MASK_BIT) !== 0;
  return {
    opcode: first & OPCODE_BITS,
    fin: (first & FIN_BIT) !== 0,
    mask: masked ? head.slice(end - MASK_BYTES, end) : undefined,
    length,
  };
}

/** Masks, or unmasks, in place (RFC 6455 §5.3). */
function applyMask(bytes: Uint8Array, mask: Uint8Array | undefined): void {
  if (mask === undefined) return;
  for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (mask[at & 3] ?? 0);
}
