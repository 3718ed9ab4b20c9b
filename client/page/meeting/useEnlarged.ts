import { useRef, useState } from 'preact/hooks';
import { enlargedKey, type ShownItem } from './shownItems.ts';

/** Which item is large, and the way to choose another, or none. */
export function useEnlarged(
  items: readonly ShownItem[],
): readonly [key: string | undefined, choose: (key: string | undefined) => void] {
  const before = useRef<readonly ShownItem[]>([]);
  const chosen = useRef<string | undefined>(undefined);
  const [, setVersion] = useState(0);
  // While rendering: what is shared appears large at once, and not in its small place first.
  chosen.current = enlargedKey(chosen.current, before.current, items);
  before.current = items;
  const choose = (key: string | undefined): void => {
    chosen.current = key;
    setVersion((version) => version + 1);
  };
  return [chosen.current, choose];
}
