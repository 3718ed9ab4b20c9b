import { describe, expect, it } from 'vitest';
import { Toasts } from '../../../../client/page/app/Toasts.ts';

function texts(toasts: Toasts): readonly string[] {
  return toasts.store.state.map((toast) => toast.text);
}

describe('Toasts', () => {
  it('keeps the newest four', () => {
    const toasts = new Toasts();
    for (const text of ['a', 'b', 'c', 'd', 'e']) toasts.show(text);
    expect(texts(toasts)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('says the same thing once', () => {
    const toasts = new Toasts();
    for (const text of ['a', 'b', 'a']) toasts.show(text);
    expect(texts(toasts)).toEqual(['b', 'a']);
  });

  it('forgets the one that is dismissed', () => {
    const toasts = new Toasts();
    toasts.show('a');
    toasts.show('b', 'problem');
    const [first] = toasts.store.state;
    toasts.dismiss(first?.id ?? -1);
    expect(texts(toasts)).toEqual(['b']);
  });
});
