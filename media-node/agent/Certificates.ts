// The certificates of a node over time (architecture, decision 4). There are always two: the one that is shown, and the
// next, valid from the moment at which it takes over. Both hashes are registered all the time, so that whoever learnt a
// node's hashes can reach it until the next one ends, and none is shown before it was announced.
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { CERTIFICATE_LIFETIME_MS, createCertificate, type NodeCertificate } from './certificate.ts';

/** Part of a lifetime that is left when the next one takes over: a day of 13, for peers whose clock is ahead. */
const OVERLAP = 1 / 13;
/** After a failure to make one. */
const RETRY_MS = 10_000;

export interface CertificatesOptions {
  /** Names and addresses that the certificates are for. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifetimeMs?: number;
}

export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #lifetimeMs: number;
  readonly #listeners = new Set<(current: NodeCertificate) => void>();
  #current: NodeCertificate;
  #next: NodeCertificate;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(
    options: CertificatesOptions,
    lifetimeMs: number,
    current: NodeCertificate,
    next: NodeCertificate,
  ) {
    this.#options = options;
    this.#lifetimeMs = lifetimeMs;
    this.#current = current;
    this.#next = next;
    this.#schedule();
  }

  /** Makes the first two, and others in time until stop(). */
  static async create(options: CertificatesOptions): Promise<Certificates> {
    const { hosts, clock, lifetimeMs = CERTIFICATE_LIFETIME_MS } = options;
    const current = await createCertificate(hosts, clock.epochMs(), lifetimeMs);
    const next = await createCertificate(hosts, takeoverOf(current, lifetimeMs), lifetimeMs);
    return new Certificates(options, lifetimeMs, current, next);
  }

  /** The one that is shown. */
  get current(): NodeCertificate {
    return this.#current;
  }

  /** SHA-256 of the one that is shown and of the next, base64. */
  get hashes(): readonly string[] {
    return [this.#current.hash, this.#next.hash];
  }

  /** Calls back whenever another certificate is to be shown; the hashes are the new ones then. */
  onRotated(listener: (current: NodeCertificate) => void): void {
    this.#listeners.add(listener);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const inMs = takeoverOf(this.#current, this.#lifetimeMs) - this.#options.clock.epochMs();
    this.#timer = setTimeout(() => void this.#rotate(), Math.max(0, inMs));
  }

  async #rotate(): Promise<void> {
    const { hosts, log } = this.#options;
    let afterNext: NodeCertificate;
    try {
      afterNext = await createCertificate(hosts, takeoverOf(this.#next, this.#lifetimeMs), this.#lifetimeMs);
    } catch (error) {
      log.error('Certificate could not be made', { error });
      if (!this.#stopped) this.#timer = setTimeout(() => void this.#rotate(), RETRY_MS);
      return;
    }
    if (this.#stopped) return;
    this.#current = this.#next;
    this.#next = afterNext;
    const { hash, notAfter } = this.#current;
    log.info('Certificate replaced', { hash, not_after: notAfter.toISOString(), next_hash: afterNext.hash });
    for (const listener of this.#listeners) listener(this.#current);
    this.#schedule();
  }
}

function takeoverOf(certificate: NodeCertificate, lifetimeMs: number): EpochMs {
  return (certificate.notAfter.getTime() - lifetimeMs * OVERLAP) as EpochMs;
}
