// Hostile input, the same in every run: a failure names the number of its case.

export const CASES = 200_000;

/** Pseudo-random numbers (xorshift32), so that a case can be run again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** 0 to below - 1. */
  below(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }
}

/** Values at which bounds are passed. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff];

/**
 * A case: one in four is noise; the others are a valid input with a few bytes changed, cut short, drawn out, or with a part
 * repeated, since noise alone rarely gets past the first check.
 */
export function hostileInput(
  random: Random,
  valid: readonly Uint8Array[],
  maxNoiseBytes: number,
): Uint8Array {
  if (random.below(4) === 0) return random.bytes(random.below(maxNoiseBytes + 1));
  const bytes = random.pick(valid).slice();
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length + 1));
    case 1:
      return concat(bytes, random.bytes(1 + random.below(32)));
    case 2: {
      const from = random.below(bytes.length);
      const part = bytes.subarray(from, from + 1 + random.below(16));
      return concat(bytes.subarray(0, from), part, bytes.subarray(from));
    }
    default:
      for (let i = random.below(4); i >= 0; i--)
        bytes[random.below(bytes.length)] = random.below(2) === 0 ? random.pick(EDGES) : random.below(256);
      return bytes;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Runs every case; a throw comes out with the number of the case and its bytes. */
export function everyCase(seed: number, run: (random: Random) => void, cases: number = CASES): void {
  const random = new Random(seed);
  for (let i = 0; i < cases; i++) {
    try {
      run(random);
    } catch (cause) {
      throw new Error(`Case ${i} of seed ${seed} failed: ${String(cause)}`, { cause });
    }
  }
}
