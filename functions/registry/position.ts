// Where a node stands in the index of its kind and region (INDEX.md): by headroom, then by chance, then by id. Positions
// compare as text.

/** Steps of headroom that the order tells apart: 0 is full, the last one idle. */
export const STEPS = 1_000;
const STEP_DIGITS = 3;
const JITTER_VALUES = 0x10000;
const JITTER_DIGITS = 4;

/** From headroom (0 to 1) and chance (0 to 1, excluded). */
export function positionOf(headroom: number, chance: number, id: string): string {
  return `${step(headroom)}#${jitter(chance)}#${id}`;
}

/** The same position as long as the headroom is in the same step: the index then has nothing to move. */
export function positionAfter(
  previous: string | undefined,
  headroom: number,
  chance: number,
  id: string,
): string {
  return previous !== undefined && stepOf(previous) === step(headroom)
    ? previous
    : positionOf(headroom, chance, id);
}

/** The step of a position: what two nodes of about the same headroom share. */
export function stepOf(position: string): string {
  return position.slice(0, STEP_DIGITS);
}

/** A place within a step, for a query that begins there. */
export function placeIn(stepText: string, chance: number): string {
  return `${stepText}#${jitter(chance)}$`;
}

function step(headroom: number): string {
  const bounded = Math.min(1, Math.max(0, headroom));
  return String(Math.min(STEPS - 1, Math.floor(bounded * STEPS))).padStart(STEP_DIGITS, '0');
}

function jitter(chance: number): string {
  return Math.floor(chance * JITTER_VALUES)
    .toString(16)
    .padStart(JITTER_DIGITS, '0');
}

/** A number from 0 to 1 (excluded) that is the same for the same text (FNV-1a): chance that needs no source. */
export function chanceOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The low bits alone depend on the last character: spread them.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) / 2 ** 32;
}
