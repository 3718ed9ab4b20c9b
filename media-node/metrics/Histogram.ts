// A log-scale histogram of fixed memory: 16 buckets an octave, so a quantile is at most 1/16 above the truth.

const BUCKETS_PER_OCTAVE = 16;
/** Values from 2^-10 (about 0.001) to 2^20 (about a million) in the caller's unit; what lies outside is kept at the ends. */
const LOWEST_EXPONENT = -10;
const OCTAVES = 30;
const BUCKETS = OCTAVES * BUCKETS_PER_OCTAVE;

/** The bucket that holds a value; it takes values up to its upper edge. NaN and what is not above zero: the lowest. */
export function bucketOf(value: number): number {
  const position = value > 0 ? Math.ceil((Math.log2(value) - LOWEST_EXPONENT) * BUCKETS_PER_OCTAVE) - 1 : 0;
  return position < 0 ? 0 : position >= BUCKETS ? BUCKETS - 1 : position;
}

export class Histogram {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;

  /** Takes one value. */
  record(value: number): void {
    this.recordIn(bucketOf(value), value);
  }

  /** As record, where the value's bucket is known already. */
  recordIn(bucket: number, value: number): void {
    this.#count++;
    if (value > 0) this.#sum += value;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  /** Takes all that another one has taken. */
  addAll(other: Histogram): void {
    if (other.#count === 0) return;
    this.#count += other.#count;
    this.#sum += other.#sum;
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (other.#buckets[bucket] ?? 0);
  }

  /** Forgets everything. */
  clear(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#buckets.fill(0);
  }

  /** Of all values above zero. */
  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  /** Upper edge of the bucket that holds this share (0 to 1) of the values; undefined when there are none. */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#buckets[index] ?? 0;
      if (seen >= rank) return 2 ** ((index + 1) / BUCKETS_PER_OCTAVE + LOWEST_EXPONENT);
    }
    return 2 ** (OCTAVES + LOWEST_EXPONENT);
  }
}
