// Which meetings the next notice of presence holds, where the controller has more than one notice takes. What a notice does
// not list is not known, and a meeting that is not known moves on the word of few (ledger GC-17).
import { MAX_PRESENCE_ENTRIES, type PresenceEntry } from '../../shared/api/controllerNotice.ts';

/** Meetings that are in every notice; the other entries go round among all the others. */
export const ALWAYS_TOLD = 450;

export class PresenceTurns {
  /** Where the next notice begins among those that take turns. */
  #first = 0;

  /** The meetings with the most participants every time, the others, most of which nobody is in, in turn. */
  next(held: readonly PresenceEntry[]): PresenceEntry[] {
    if (held.length <= MAX_PRESENCE_ENTRIES) return [...held];
    const always = held
      .filter(({ participants }) => participants > 0)
      .sort((a, b) => b.participants - a.participants)
      .slice(0, ALWAYS_TOLD);
    const isAlways = new Set(always);
    const others = held.filter((entry) => !isAlways.has(entry));
    const first = this.#first < others.length ? this.#first : 0;
    const inTurn = others.slice(first, first + MAX_PRESENCE_ENTRIES - always.length);
    this.#first = first + inTurn.length;
    return [...always, ...inTurn];
  }
}
