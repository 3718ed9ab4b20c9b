import type { Logger } from '../../shared/base/log.ts';

/** Work that nobody waits for, such as cleaning up after a participant: its failure is logged, its end can be awaited. */
export class BackgroundTasks {
  readonly #log: Logger;
  readonly #running = new Set<Promise<void>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  get running(): number {
    return this.#running.size;
  }

  add(name: string, work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => this.#log.error('Background task failed', { task: name, error }))
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Resolves when nothing runs, what was added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
