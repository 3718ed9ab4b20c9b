import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface FullScreen {
  /** Phones of some makers show nothing but a video so. */
  readonly available: boolean;
  readonly on: boolean;
  readonly toggle: () => void;
}

/** Shows an element on the whole screen, and not any more. */
export function useFullScreen(element: RefObject<HTMLElement | null>): FullScreen {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const read = (): void =>
      setOn(document.fullscreenElement === element.current && element.current !== null);
    document.addEventListener('fullscreenchange', read);
    return () => document.removeEventListener('fullscreenchange', read);
  }, [element]);
  const toggle = (): void => {
    const done = on ? document.exitFullscreen() : element.current?.requestFullscreen();
    // Refused by the browser: it stays as large as it is.
    done?.catch((error: unknown) => console.warn('The full screen could not be switched', error));
  };
  return { available: document.fullscreenEnabled, on, toggle };
}
