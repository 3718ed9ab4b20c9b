// Meetings that were made in this browser: whoever made one is its host, also after a reload.
import type { PreferenceStorage } from './Preferences.ts';

const KEY = 'dark-tower.hosted';
/** The oldest are forgotten first. */
const MAX_MEETINGS = 50;

export class Hosted {
  readonly #storage: PreferenceStorage | undefined;
  #meetingIds: readonly string[];

  constructor(storage: PreferenceStorage | undefined) {
    this.#storage = storage;
    this.#meetingIds = load(storage);
  }

  has(meetingId: string): boolean {
    return this.#meetingIds.includes(meetingId);
  }

  add(meetingId: string): void {
    this.#keep([...this.#meetingIds.filter((id) => id !== meetingId), meetingId].slice(-MAX_MEETINGS));
  }

  remove(meetingId: string): void {
    this.#keep(this.#meetingIds.filter((id) => id !== meetingId));
  }

  #keep(meetingIds: readonly string[]): void {
    this.#meetingIds = meetingIds;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(meetingIds));
    } catch {
      // Storage full or switched off: this visit knows, the next one joins as anybody else.
    }
  }
}

function load(storage: PreferenceStorage | undefined): readonly string[] {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string').slice(-MAX_MEETINGS) : [];
  } catch {
    // Storage refused or holds no JSON.
    return [];
  }
}
