// Stream ids: bit 0 is 1 on streams that the client opened, bit 1 on unidirectional ones; the rest counts.
const CLIENT_BIT = 1;
const UNIDIRECTIONAL_BIT = 2;
const ID_STEP = 4;

export type StreamKind = 'unidirectional' | 'bidirectional';
export type StreamOpener = 'client' | 'server';

/** The id of the stream of this kind that `opener` opens as its `index`th, from 0. */
export function streamId(kind: StreamKind, opener: StreamOpener, index: number): number {
  return (
    (opener === 'client' ? CLIENT_BIT : 0) |
    ((kind === 'unidirectional' ? UNIDIRECTIONAL_BIT : 0) + ID_STEP * index)
  );
}

export function kindOf(id: number): StreamKind {
  return (id & UNIDIRECTIONAL_BIT) === UNIDIRECTIONAL_BIT ? 'unidirectional' : 'bidirectional';
}

export function openerOf(id: number): StreamOpener {
  return (id & CLIENT_BIT) === CLIENT_BIT ? 'client' : 'server';
}

/** How many streams of its kind and opener came before. */
export function indexOf(id: number): number {
  return Math.floor(id / ID_STEP);
}
