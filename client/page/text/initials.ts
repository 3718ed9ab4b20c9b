// What stands for a person who shows no picture: letters and a colour, the same on every machine.

/** Number of avatar colours in tokens.css (`--avatar-0` ...). */
export const AVATAR_COLORS = 8;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** First letters of the first and the last word, upper case; "?" for a name without letters or digits. */
export function initials(displayName: string): string {
  const words = displayName
    .split(/[\s_.-]+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ''))
    .filter((word) => word !== '');
  const [first] = words;
  if (first === undefined) return '?';
  const last = words.length > 1 ? words.at(-1) : undefined;
  return `${firstLetter(first)}${last === undefined ? '' : firstLetter(last)}`.toUpperCase();
}

/** Stable index of an avatar colour, 0 to AVATAR_COLORS - 1: FNV-1a of the name, so that all see the same colour. */
export function avatarColorIndex(displayName: string): number {
  let hash = FNV_OFFSET;
  for (const character of displayName.trim().toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME) >>> 0;
  }
  // The low bits of FNV-1a differ least between short names: fold the high ones in.
  return (((hash >>> 16) ^ hash) >>> 0) % AVATAR_COLORS;
}

function firstLetter(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}
