// Type, length, value with varints for the first two: the form of HTTP/3 frames (RFC 9114 §7.1) and of capsules
// (RFC 9297 §3.2). Values are gathered, passed on in pieces or skipped, as the owner says when it sees type and length;
// only gathered ones take memory.

import { VarintReader } from '../../../shared/webtransport/varint.ts';
import type { H3Fault } from './fault.ts';

/** What becomes of a value whose header came. */
export type TlvPlan = 'gather' | 'stream' | 'skip' | H3Fault;

export interface TlvSink {
  /** Type and announced length in bytes, before any of the value is held. A length that is gathered is bounded here. */
  plan(type: number, length: number): TlvPlan;
  /** A gathered value, the callee's to keep. */
  onValue(type: number, value: Uint8Array): H3Fault | undefined;
  /** A piece of a streamed value, valid during the call. */
  onPiece(type: number, piece: Uint8Array): H3Fault | undefined;
}

type State =
  | { readonly at: 'type' }
  | { readonly at: 'length'; readonly type: number }
  | { readonly at: 'gather'; readonly type: number; readonly value: Uint8Array; filled: number }
  | { readonly at: 'stream' | 'skip'; readonly type: number; remaining: number }
  | { readonly at: 'fault'; readonly fault: H3Fault };

export class TlvReader {
  readonly #sink: TlvSink;
  readonly #varint = new VarintReader();
  #state: State = { at: 'type' };

  constructor(sink: TlvSink) {
    this.#sink = sink;
  }

  /** True when the stream may end here without cutting anything. */
  get atBoundary(): boolean {
    return this.#state.at === 'type' && !this.#varint.partial;
  }

  /** Takes the next bytes, however they were split. After a fault nothing more is taken and it is answered again. */
  push(chunk: Uint8Array): H3Fault | undefined {
    let at = 0;
    while (at < chunk.length) {
      const state = this.#state;
      if (state.at === 'fault') return state.fault;
      at =
        state.at === 'type' || state.at === 'length'
          ? this.#header(state, chunk, at)
          : this.#value(state, chunk, at);
    }
    return this.#state.at === 'fault' ? this.#state.fault : undefined;
  }

  #header(state: Extract<State, { at: 'type' | 'length' }>, chunk: Uint8Array, at: number): number {
    const integer = this.#varint.push(chunk[at] ?? 0);
    if (integer === undefined) return at + 1;
    if (state.at === 'type') this.#state = { at: 'length', type: integer };
    else this.#begin(state.type, integer);
    return at + 1;
  }

  #begin(type: number, length: number): void {
    const plan = this.#sink.plan(type, length);
    if (typeof plan === 'object') this.#state = { at: 'fault', fault: plan };
    else if (plan === 'gather') {
      if (length === 0) this.#finish(this.#sink.onValue(type, new Uint8Array(0)));
      else this.#state = { at: 'gather', type, value: new Uint8Array(length), filled: 0 };
    } else this.#state = length === 0 ? { at: 'type' } : { at: plan, type, remaining: length };
  }

  #value(state: Extract<State, { at: 'gather' | 'stream' | 'skip' }>, chunk: Uint8Array, at: number): number {
    const missing = state.at === 'gather' ? state.value.length - state.filled : state.remaining;
    const piece = chunk.subarray(at, at + Math.min(missing, chunk.length - at));
    if (state.at === 'gather') {
      state.value.set(piece, state.filled);
      state.filled += piece.length;
      if (piece.length === missing) this.#finish(this.#sink.onValue(state.type, state.value));
    } else {
      state.remaining -= piece.length;
      const fault = state.at === 'stream' ? this.#sink.onPiece(state.type, piece) : undefined;
      if (fault !== undefined || piece.length === missing) this.#finish(fault);
    }
    return at + piece.length;
  }

  #finish(fault: H3Fault | undefined): void {
    this.#state = fault === undefined ? { at: 'type' } : { at: 'fault', fault };
  }
}
