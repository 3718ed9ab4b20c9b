/** Bytes from hexadecimal digits; whitespace is for the reader. */
export function hex(...parts: readonly string[]): Uint8Array {
  const digits = parts.join('').replaceAll(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new TypeError(`Not pairs of hexadecimal digits: "${digits}"`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** ASCII text as hexadecimal digits, for strings inside golden bytes. */
export function ascii(text: string): string {
  return Array.from(text, (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
