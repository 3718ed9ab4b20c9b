// How capsules lie on a byte stream: as WebSocket messages or, on HTTP/2, behind their length.

/** What a reader finds. */
export interface FramingSink {
  /** A datagram: `bytes` with its first byte of ours at `at`, and at least one byte of the transport's in front of it. */
  onDatagram(bytes: Uint8Array, at: number): void;
  /** Any other capsule; the value is the callee's to keep. Answers with what is wrong with it. */
  onCapsule(type: number, value: Uint8Array): string | undefined;
  /** Something that has to be answered with this. */
  onAnswer(frame: Uint8Array): void;
  /** The peer says that it sends no more. */
  onGoodbye(): void;
}

export interface Framing {
  /** A whole capsule in a buffer of its own. */
  encode(type: number, head: Uint8Array, body: Uint8Array): Uint8Array;
  /** Takes the next bytes, which it may change, however they were split. Answers with what is wrong with them. */
  read(chunk: Uint8Array): string | undefined;
  /** Makes a peer that lives say something; undefined where the engine below does so. */
  readonly ping: Uint8Array | undefined;
  /** The last bytes of this side, when there are any. */
  readonly goodbye: Uint8Array | undefined;
}

export const NO_BYTES = new Uint8Array(0);
