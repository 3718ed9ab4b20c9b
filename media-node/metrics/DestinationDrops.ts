// What one session was not sent, by reason: a fixed place for each of the destination's drop reasons.
import { DROP_REASON_NAMES, FIRST_DESTINATION_REASON, LAST_DESTINATION_REASON } from './DropReason.ts';

export class DestinationDrops {
  readonly #counts = new Float64Array(LAST_DESTINATION_REASON - FIRST_DESTINATION_REASON + 1);

  /** Counts a destination's answer other than 0 (see Destination). */
  count(outcome: number): void {
    this.#counts[outcome - 1] = (this.#counts[outcome - 1] ?? 0) + 1;
  }

  /** Drops by the name of their reason; reasons that never happened are left out. */
  byName(): Record<string, number> {
    const byName: Record<string, number> = {};
    for (const [index, count] of this.#counts.entries())
      if (count > 0) byName[DROP_REASON_NAMES[FIRST_DESTINATION_REASON + index] ?? ''] = count;
    return byName;
  }
}
