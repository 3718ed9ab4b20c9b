/** Texts in order, in chunks, so that none of its operations grows with the number of texts by more than its logarithm. */
export class SortedIndex {
  static readonly #MAX_CHUNK = 64;
  readonly #chunks: string[][] = [[]];

  add(text: string): void {
    const at = this.#chunkOf(text);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(placeOf(chunk, text), 0, text);
    if (chunk.length > SortedIndex.#MAX_CHUNK)
      this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }

  remove(text: string): void {
    const at = this.#chunkOf(text);
    const chunk = this.#chunks[at] ?? [];
    const place = placeOf(chunk, text);
    if (chunk[place] !== text) throw new RangeError(`"${text}" is not in the index`);
    chunk.splice(place, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** Up to `limit` texts from `from` (included) down, or from the last one. */
  descending(from: string | undefined, limit: number): string[] {
    const found: string[] = [];
    let at = from === undefined ? this.#chunks.length - 1 : this.#chunkOf(from);
    let chunk = this.#chunks[at] ?? [];
    let place = from === undefined ? chunk.length : placeOf(chunk, from);
    if (from !== undefined && chunk[place] === from) place++;
    while (found.length < limit) {
      if (place === 0) {
        if (at === 0) break;
        chunk = this.#chunks[--at] ?? [];
        place = chunk.length;
        continue;
      }
      found.push(chunk[--place] as string);
    }
    return found;
  }

  /** The first chunk whose last text is not before `text`; the last chunk when there is none. */
  #chunkOf(text: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1);
      if (last !== undefined && last < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function placeOf(chunk: readonly string[], text: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
