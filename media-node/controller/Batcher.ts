interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what is asked for in one turn of the event loop into as few calls as maxBatch allows. Calls do not wait for each
 * other; `run` answers in the order of its items, and its failure fails the items of that call alone.
 */
export class Batcher<Item, Answer> {
  readonly #maxBatch: number;
  readonly #run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Item, Answer>[] = [];

  constructor(maxBatch: number, run: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#maxBatch = maxBatch;
    this.#run = run;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += this.#maxBatch)
      void this.#call(waiting.slice(at, at + this.#maxBatch));
  }

  async #call(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new Error(`Batch of ${batch.length} has no answer ${index}`));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
