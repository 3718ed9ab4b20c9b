/**
 * Work that is under way is shared by all who ask for the same key meanwhile, failures included. It spares work within a
 * process and guarantees nothing beyond.
 */
export class SingleFlight<Key, Value> {
  readonly #underWay = new Map<Key, Promise<Value>>();

  /** Waits for work that is under way; at once where there is none. */
  async join(key: Key): Promise<Value | undefined> {
    return await this.#underWay.get(key);
  }

  run(key: Key, work: () => Promise<Value>): Promise<Value> {
    const shared = this.#underWay.get(key);
    if (shared !== undefined) return shared;
    const started = work().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, started);
    return started;
  }
}
