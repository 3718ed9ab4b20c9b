// State that components read: one value, replaced whole, listeners told after each replacement.
import { useEffect, useState } from 'preact/hooks';

export class Store<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  set(state: State): void {
    if (Object.is(state, this.#state)) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (state: State) => State): void {
    this.set(change(this.#state));
  }

  /** Returns the way to stop listening. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Renders the component again whenever the store's value was replaced. */
export function useStore<State>(store: Store<State>): State {
  const [, setState] = useState(store.state);
  useEffect(() => {
    const read = (): void => setState(() => store.state);
    // Whatever happened between the render and this effect.
    read();
    return store.subscribe(read);
  }, [store]);
  return store.state;
}
