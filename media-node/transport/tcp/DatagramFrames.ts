import { CapsuleType } from '../../../shared/webtransport/capsuleTypes.ts';
import { type Framing, NO_BYTES } from './Framing.ts';

/**
 * Frames of datagrams, made once for all sessions of one framing that are sent the same in one turn: they lie on all of these
 * streams in the same way, since a server does not mask. Keeps one, and none beyond the turn.
 */
export class DatagramFrames {
  #bytes: Uint8Array | undefined;
  #at = 0;
  #frame: Uint8Array = NO_BYTES;

  /** The datagram bytes[at..] as a frame, which nobody may change. */
  frameOf(framing: Framing, bytes: Uint8Array, at: number): Uint8Array {
    if (this.#bytes === bytes && this.#at === at) return this.#frame;
    this.#frame = framing.encode(CapsuleType.datagram, NO_BYTES, bytes.subarray(at));
    this.#bytes = bytes;
    this.#at = at;
    return this.#frame;
  }

  /** To be called when the turn is over: the buffer may be changed from then on. */
  forget(): void {
    this.#bytes = undefined;
    this.#frame = NO_BYTES;
  }
}
