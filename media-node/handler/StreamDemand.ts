// What a publisher is told of who receives one of its streams: whether anybody does, and in which deliveries. More is told at
// once, with what follows from it; less is told once it has lasted.
import { type DeliverySet, PUBLISHERS_CHOICE } from '../../shared/media-session/delivery.ts';

/**
 * A publisher is told of less when it has been so for this long, ms: layers are switched back and forth. What it could not be
 * told is tried again after as long.
 */
export const IDLE_BEFORE_PAUSE_MS = 1_000;

export class StreamDemand {
  readonly #tell: (deliveries: DeliverySet) => boolean;
  readonly #onToldLate: () => void;
  #wanted: DeliverySet = PUBLISHERS_CHOICE;
  #told: DeliverySet = PUBLISHERS_CHOICE;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `tell` answers false when the publisher could not be told; `onToldLate`: it was told of more, later than it was wanted. */
  constructor(tell: (deliveries: DeliverySet) => boolean, onToldLate: () => void) {
    this.#tell = tell;
    this.#onToldLate = onToldLate;
  }

  /** What the publisher knows; until told otherwise, it takes its stream to be wanted in its own choice. */
  get told(): DeliverySet {
    return this.#told;
  }

  /** The publisher's client is another one, which knows nothing. */
  reset(): void {
    this.#told = PUBLISHERS_CHOICE;
  }

  update(wanted: DeliverySet): void {
    this.#wanted = wanted;
    const withMore = this.#told | wanted;
    if (withMore !== this.#told && this.#tell(withMore)) this.#told = withMore;
    if (wanted === this.#told) this.close();
    else this.#tellLater();
  }

  /** Tells nothing more by itself. Idempotent. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tellLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#tell(this.#wanted)) {
        this.#tellLater();
        return;
      }
      const isMore = (this.#wanted & ~this.#told) !== 0;
      this.#told = this.#wanted;
      if (isMore) this.#onToldLate();
    }, IDLE_BEFORE_PAUSE_MS);
  }
}
