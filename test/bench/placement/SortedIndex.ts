export interface Positioned {
  readonly position: string;
}

const MAX_CHUNK = 64;

/**
 * Things in order of their positions, which stay while they are in, in chunks, so that none of its operations grows with
 * their number by more than its logarithm.
 */
export class SortedIndex<Thing extends Positioned> {
  readonly #chunks: Thing[][] = [[]];

  add(thing: Thing): void {
    const at = this.#chunkOf(thing.position);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(placeOf(chunk, thing.position), 0, thing);
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }

  remove(thing: Thing): void {
    const at = this.#chunkOf(thing.position);
    const chunk = this.#chunks[at] ?? [];
    const place = placeOf(chunk, thing.position);
    if (chunk[place] !== thing) throw new RangeError(`"${thing.position}" is not in the index`);
    chunk.splice(place, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** Up to `limit` things from position `from` (included) down, or from the last one. */
  descending(from: string | undefined, limit: number): Thing[] {
    const found: Thing[] = [];
    let at = from === undefined ? this.#chunks.length - 1 : this.#chunkOf(from);
    let chunk = this.#chunks[at] ?? [];
    let place = from === undefined ? chunk.length : placeOf(chunk, from);
    if (from !== undefined && chunk[place]?.position === from) place++;
    while (found.length < limit) {
      if (place === 0) {
        if (at === 0) break;
        chunk = this.#chunks[--at] ?? [];
        place = chunk.length;
        continue;
      }
      found.push(chunk[--place] as Thing);
    }
    return found;
  }

  /** The first chunk whose last thing is not before the position; the last chunk when there is none. */
  #chunkOf(position: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1)?.position;
      if (last !== undefined && last < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function placeOf(chunk: readonly Positioned[], position: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle]?.position ?? '') < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
