import { hash } from 'node:crypto';
import type { Clock } from '../../shared/base/clock.ts';

/** A key that its issuer has withdrawn counts for at most so long for tokens that were seen before. */
export const VERIFIED_TOKEN_MS = 60_000;
/** Tokens that are remembered; the oldest goes first. */
export const MAX_VERIFIED_TOKENS = 10_000;

interface Remembered<Claims> {
  readonly claims: Claims;
  /** Seconds since the Unix epoch. */
  readonly expiresAtSeconds: number;
  readonly atMs: number;
}

/**
 * What tokens say whose signature has been checked. Clients show the same token with every request; the check of a signature
 * takes a fifth of a millisecond on another thread, and a wait for a core where all are busy (ledger GC-18). Revocation is
 * not remembered here. Keeps digests, not tokens.
 */
export class VerifiedTokens<Claims> {
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered<Claims>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#remembered.size;
  }

  /** What this token says; undefined when it has to be checked (again), or has expired. */
  find(token: string): Claims | undefined {
    const remembered = this.#remembered.get(digest(token));
    if (remembered === undefined) return undefined;
    const fresh = this.#clock.monotonicMs() - remembered.atMs < VERIFIED_TOKEN_MS;
    return fresh && this.#clock.epochMs() < remembered.expiresAtSeconds * 1_000
      ? remembered.claims
      : undefined;
  }

  /** Remembers a token whose signature and claims have been found good. */
  add(token: string, claims: Claims, expiresAtSeconds: number): void {
    const key = digest(token);
    this.#remembered.delete(key);
    this.#remembered.set(key, { claims, expiresAtSeconds, atMs: this.#clock.monotonicMs() });
    if (this.#remembered.size <= MAX_VERIFIED_TOKENS) return;
    for (const [oldest] of this.#remembered) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}
