// Short messages that go by themselves.
import { Store } from './Store.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'problem';
  readonly text: string;
}

/** More would cover the picture: the oldest go first. */
const MAX_TOASTS = 4;

export class Toasts {
  readonly store = new Store<readonly Toast[]>([]);
  #nextId = 1;

  show(text: string, tone: Toast['tone'] = 'info'): void {
    const toast = { id: this.#nextId++, tone, text };
    this.store.update((toasts) =>
      [...toasts.filter((other) => other.text !== text), toast].slice(-MAX_TOASTS),
    );
  }

  dismiss(id: number): void {
    this.store.update((toasts) => toasts.filter((toast) => toast.id !== id));
  }

  clear(): void {
    this.store.set([]);
  }
}
