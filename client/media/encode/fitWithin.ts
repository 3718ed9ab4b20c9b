/** The largest size of the same shape within the bounds, in even numbers, as 4:2:0 sampling needs. Never larger than given. */
export function fitWithin(
  width: number,
  height: number,
  maxWidth: number,
  maxHeight: number,
): { readonly width: number; readonly height: number } {
  // A picture that stands upright is bounded by the same area, turned.
  const [boundWidth, boundHeight] = width >= height ? [maxWidth, maxHeight] : [maxHeight, maxWidth];
  const scale = Math.min(1, boundWidth / width, boundHeight / height);
  const even = (length: number): number => Math.max(2, Math.round((length * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
