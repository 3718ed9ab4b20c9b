// How much of a worker one source address may take (ledger MH-10): connections and sessions at once, and handshakes over
// time. One gate serves all listeners of a worker, whatever they listen on.
import type { Clock } from '../../shared/base/clock.ts';
import { TokenBucket } from '../../shared/base/TokenBucket.ts';
import { addressGroup } from './addressGroup.ts';

/** Handshakes under way and sessions that are closing, for each address, beside its sessions. */
export const EXTRA_CONNECTIONS_PER_ADDRESS = 32;
/** Addresses without a connection whose handshakes are remembered; past it the longest gone is forgotten first. */
export const MAX_REMEMBERED_ADDRESSES = 4_096;

/** Why a connection is not let in. */
export type GateRefusal = 'handshakes' | 'connections';

export type GateAnswer =
  | { readonly ok: true; readonly slot: AddressSlot }
  | { readonly ok: false; readonly reason: GateRefusal };

/** One connection's place under its address. */
export interface AddressSlot {
  /** Counts the connection's session; false when the address has all the sessions that it may have. Call once. */
  openSession(): boolean;
  /** The session is over, while its connection may linger. Idempotent. */
  closeSession(): void;
  /** The connection is over, and its session with it. Idempotent. */
  release(): void;
}

export interface AddressLimits {
  /** Handshakes at once and then a second, whoever begins them: past it they are refused unseen. A rate of 0 is no limit. */
  readonly handshakeBurst: number;
  readonly handshakesPerSecond: number;
  /** Sessions at once from one source address (addressGroup); 0 is no limit. Everybody behind a NAT shares one. */
  readonly maxSessionsPerAddress: number;
  /** Handshakes of one source address at once and then a second. A rate of 0 is no limit. */
  readonly handshakeBurstPerAddress: number;
  readonly handshakesPerSecondPerAddress: number;
}

interface Source {
  readonly group: string;
  readonly handshakes: TokenBucket | undefined;
  connections: number;
  sessions: number;
}

export class AddressGate {
  readonly #limits: AddressLimits;
  readonly #clock: Clock;
  readonly #handshakes: TokenBucket | undefined;
  /** Sources with connections: no more than the listeners let in. */
  readonly #present = new Map<string, Source>();
  /** Sources without, the longest gone first. */
  readonly #gone = new Map<string, Source>();

  constructor(limits: AddressLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#handshakes = bucket(limits.handshakeBurst, limits.handshakesPerSecond, clock.monotonicMs());
  }

  /** Addresses that it knows. */
  get addresses(): number {
    return this.#present.size + this.#gone.size;
  }

  /** Asked first, before anything is known of a connection: false when the worker as a whole gets too many of them. */
  allowsHandshake(): boolean {
    return this.#handshakes?.take(this.#clock.monotonicMs()) ?? true;
  }

  /** Asked as soon as the address is known; `hostname` is without a port. Whoever is let in must be released. */
  enter(hostname: string): GateAnswer {
    const source = this.#source(addressGroup(hostname));
    const refusal = this.#refusal(source);
    if (refusal === undefined) {
      this.#gone.delete(source.group);
      this.#present.set(source.group, source);
      source.connections++;
      return {
        ok: true,
        slot: new Slot(source, this.#limits.maxSessionsPerAddress, () => this.#left(source)),
      };
    }
    if (source.connections === 0) this.#remember(source);
    return { ok: false, reason: refusal };
  }

  #source(group: string): Source {
    const known = this.#present.get(group) ?? this.#gone.get(group);
    if (known !== undefined) return known;
    const { handshakeBurstPerAddress, handshakesPerSecondPerAddress } = this.#limits;
    return {
      group,
      handshakes: bucket(handshakeBurstPerAddress, handshakesPerSecondPerAddress, this.#clock.monotonicMs()),
      connections: 0,
      sessions: 0,
    };
  }

  #refusal(source: Source): GateRefusal | undefined {
    const { maxSessionsPerAddress } = this.#limits;
    if (
      maxSessionsPerAddress > 0 &&
      source.connections >= maxSessionsPerAddress + EXTRA_CONNECTIONS_PER_ADDRESS
    )
      return 'connections';
    return source.handshakes?.take(this.#clock.monotonicMs()) === false ? 'handshakes' : undefined;
  }

  #left(source: Source): void {
    if (source.connections > 0) return;
    this.#present.delete(source.group);
    this.#remember(source);
  }

  /** Only its handshakes are worth remembering. */
  #remember(source: Source): void {
    if (source.handshakes === undefined) return;
    this.#gone.delete(source.group);
    this.#gone.set(source.group, source);
    if (this.#gone.size <= MAX_REMEMBERED_ADDRESSES) return;
    const [longestGone] = this.#gone.keys();
    if (longestGone !== undefined) this.#gone.delete(longestGone);
  }
}

class Slot implements AddressSlot {
  readonly #source: Source;
  readonly #maxSessions: number;
  readonly #onRelease: () => void;
  #state: 'connected' | 'in session' | 'released' = 'connected';

  constructor(source: Source, maxSessions: number, onRelease: () => void) {
    this.#source = source;
    this.#maxSessions = maxSessions;
    this.#onRelease = onRelease;
  }

  openSession(): boolean {
    if (this.#maxSessions > 0 && this.#source.sessions >= this.#maxSessions) return false;
    this.#source.sessions++;
    this.#state = 'in session';
    return true;
  }

  closeSession(): void {
    if (this.#state !== 'in session') return;
    this.#state = 'connected';
    this.#source.sessions--;
  }

  release(): void {
    if (this.#state === 'released') return;
    this.closeSession();
    this.#state = 'released';
    this.#source.connections--;
    this.#onRelease();
  }
}

/** A rate of 0 is no limit. */
function bucket(burst: number, perSecond: number, nowMs: number): TokenBucket | undefined {
  return perSecond === 0 ? undefined : new TokenBucket(burst, perSecond, nowMs);
}
