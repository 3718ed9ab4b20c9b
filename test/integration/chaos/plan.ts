// What the test (Node) tells its unruly clients (Deno): one line of JSON in, a line for each answer out.
import type { Person } from '../../bench/memory/plan.ts';

export interface ChaosPlan {
  readonly url: string;
  readonly certificateHash: string;
  readonly people: readonly Person[];
  /** Each of the people does so many things, drawn from this seed. */
  readonly actions: number;
  readonly seed: number;
}

/** `connected`: all have sessions, and begin. `done`: all is done, what is still open stays open and sends. */
export type ChaosAnswer = { readonly type: 'connected' | 'done' };
