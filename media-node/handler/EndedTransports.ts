import type { EndedTransport } from '../ipc/protocol.ts';

/** A participant who leaves ends its session a moment before its controller hears of it: told then, it means nothing. */
const DELAY_MS = 100;
/** Told in one go. As many transports as a worker takes may end at once; what is more waits for the next time. */
const MAX_TOLD = 1_024;

/** Gathers transports that ended with their sessions, and tells of them together a little later. */
export class EndedTransports {
  readonly #tell: (transports: readonly EndedTransport[]) => void;
  #ended: EndedTransport[] = [];
  #isDue = false;

  constructor(tell: (transports: readonly EndedTransport[]) => void) {
    this.#tell = tell;
  }

  add(transport: EndedTransport): void {
    this.#ended.push(transport);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => this.#flush(), DELAY_MS);
  }

  #flush(): void {
    this.#isDue = false;
    this.#tell(this.#ended.splice(0, MAX_TOLD));
    if (this.#ended.length > 0) this.#schedule();
  }
}
