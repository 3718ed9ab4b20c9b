// Where a menu stands: below the right end of its button, or wherever else it fits into the window. CSS pixels.

const GAP_PX = 6;
const MARGIN_PX = 8;

interface Edges {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Extent {
  readonly width: number;
  readonly height: number;
}

export function menuPlace(
  button: Edges,
  menu: Extent,
  window: Extent,
): { readonly left: number; readonly top: number } {
  const below = button.bottom + GAP_PX;
  const fitsBelow = below + menu.height <= window.height - MARGIN_PX;
  const top = fitsBelow ? below : button.top - GAP_PX - menu.height;
  const left = Math.min(button.right - menu.width, window.width - MARGIN_PX - menu.width);
  return { left: Math.max(MARGIN_PX, left), top: Math.max(MARGIN_PX, top) };
}
