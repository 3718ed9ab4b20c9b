// The client side of a failover as the Node side sees it: started, listened to, ended.
import { runDenoScript } from '../../support/denoScript.ts';
import type { FailoverEvent, FailoverPlan } from './plan.ts';

type EventOf<Type extends FailoverEvent['type']> = Extract<FailoverEvent, { readonly type: Type }>;

export class TalkingClients {
  readonly events: FailoverEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #stopping = Promise.withResolvers<void>();
  readonly #run: Promise<void>;
  #failure: Error | undefined;

  constructor(plan: FailoverPlan) {
    this.#run = runDenoScript(
      {
        name: 'failover',
        entry: 'test/bench/failover/client.ts',
        input: plan,
        inputOpenUntil: this.#stopping.promise,
      },
      (line) => {
        this.events.push(line as FailoverEvent);
        this.#changed();
      },
    );
    this.#run.catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#changed();
    });
  }

  /** The `count`th event of a type in a meeting, once it is there. Rejects when a participant is out of its meeting before. */
  async until<Type extends FailoverEvent['type']>(
    type: Type,
    meeting: string,
    count = 1,
  ): Promise<EventOf<Type>> {
    for (;;) {
      const found = this.events.filter((event) => event.type === type && event.meeting === meeting)[
        count - 1
      ];
      if (found !== undefined) return found as EventOf<Type>;
      const ended = this.events.find((event) => event.type === 'ended');
      if (ended !== undefined) throw new Error(ended.reason);
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** Everyone leaves. Resolves when the clients have ended. */
  async stop(): Promise<void> {
    this.#stopping.resolve();
    await this.#run;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
