// What the controller refused since it began, by reason (ledger MC-5, MH-10): a closed set, a fixed place for each.

const REFUSAL_REASONS = [
  /** A join token that is wrong, has expired, or is for another controller or assignment. */
  'tokenRefused',
  'meetingEnded',
  'meetingFull',
  'participantRemoved',
  /** A join of one meeting more than the controller serves at once. */
  'controllerFull',
  /** The media server that a join or a request needs has no room. */
  'mediaServerFull',
  'mediaServerFailed',
  /** A session that did not join in time. */
  'joinTimedOut',
  'messageOversized',
  /** Empty, cut off, or not in the protocol. */
  'messageMalformed',
  /** Before the join, a second join, or a sequence number that is not over the last one. */
  'messageUnexpected',
  'messageRateExceeded',
  'requestQueueFull',
  /** A request of a participant that breaks a rule; the session goes on. */
  'requestRefused',
  /** A peer that does not read its signaling stream. */
  'messageQueueFull',
  /** A stream beside the signaling stream. */
  'streamUnexpected',
  /** A datagram: signaling has none. */
  'datagramUnexpected',
  /** A fault of ours, answered as a refusal. */
  'internalError',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

const PLACES: ReadonlyMap<RefusalReason, number> = new Map(
  REFUSAL_REASONS.map((reason, place) => [reason, place]),
);

export class Refusals {
  readonly #counts = new Float64Array(REFUSAL_REASONS.length);

  count(reason: RefusalReason): void {
    const place = PLACES.get(reason);
    if (place !== undefined) this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** Refusals by reason; reasons that never happened are left out. They only count up. */
  byName(): Record<string, number> {
    const counted = REFUSAL_REASONS.map((reason, place) => [reason, this.#counts[place] ?? 0] as const);
    return Object.fromEntries(counted.filter(([, count]) => count > 0));
  }
}
