const inspectSymbol = Symbol.for('nodejs.util.inspect.custom');
const REDACTED = '[secret]';

/**
 * A credential that never prints (ledger GC-10): template strings, JSON, console and util.inspect all show `[secret]`.
 * The value leaves only through reveal(), so that every use is visible in the code.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    if (value === '') throw new TypeError('A secret must not be empty');
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Compares without an early exit, so that the time taken does not tell how much of a guess was right. */
  equals(candidate: string): boolean {
    const expected = new TextEncoder().encode(this.#value);
    const actual = new TextEncoder().encode(candidate);
    let difference = expected.length ^ actual.length;
    for (let i = 0; i < actual.length; i++)
      difference |= (actual[i] ?? 0) ^ (expected[i % expected.length] ?? 0);
    return difference === 0;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspectSymbol](): string {
    return REDACTED;
  }
}
