// A picture fills its tile; but an upright one (a phone's) in a wide tile would lose most of itself, and is shown whole.
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** A picture changes its shape when a phone is turned, which no event tells. */
const CHECK_MS = 1_000;
/** Filling the tile may cut away this share of the picture's height, no more: 4:3 in 16:9 loses a quarter. */
const MAX_CUT = 0.35;

/** Both ratios are width over height. What a tile cuts off at the sides is never missed: people sit in the middle. */
export function pictureFit(pictureRatio: number, tileRatio: number): 'cover' | 'contain' {
  return pictureRatio / tileRatio < 1 - MAX_CUT ? 'contain' : 'cover';
}

export function usePictureFit(canvas: RefObject<HTMLCanvasElement | null>): void {
  useEffect(() => {
    const check = (): void => {
      const { current } = canvas;
      if (!current || current.height === 0 || current.clientHeight === 0) return;
      const tileRatio = current.clientWidth / current.clientHeight;
      current.style.objectFit = pictureFit(current.width / current.height, tileRatio);
    };
    const timer = setInterval(check, CHECK_MS);
    return () => clearInterval(timer);
  }, [canvas]);
}
