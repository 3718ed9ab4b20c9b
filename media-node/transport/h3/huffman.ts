// The Huffman code of field strings (RFC 7541 §5.2 and appendix B, taken over by RFC 9204 §4.1.2). The code is
// canonical: codes of one length count up in symbol order and continue, shifted, into the next length. So the lengths
// say it all.

/** Length of each symbol's code, `a` for 5 bits to `z` for 30; the symbol is the position, 256 is the end of string. */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbb' +
  'accbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqv' +
  'wwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';
const SHORTEST = 5;
const LONGEST = 30;
const END_OF_STRING = 256;

/** For each length: its first code, how many there are, and where its symbols begin in SYMBOLS. */
const FIRST_CODE = new Uint32Array(LONGEST + 1);
const COUNT = new Uint16Array(LONGEST + 1);
const OFFSET = new Uint16Array(LONGEST + 1);
const SYMBOLS = new Uint16Array(LENGTHS.length);

buildTables();

/**
 * Decodes bytes[from, to) and answers the decoded bytes, or undefined when the text is malformed (a wrong or too long
 * padding, an end-of-string symbol) or decodes to more than maxBytes.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  maxBytes: number,
): Uint8Array | undefined {
  const decoded = new Uint8Array(Math.min(maxBytes, Math.floor(((to - from) * 8) / SHORTEST)));
  let filled = 0;
  let code = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    for (let shift = 7; shift >= 0; shift--) {
      code = (code << 1) | ((byte >> shift) & 1);
      length++;
      const rank = code - (FIRST_CODE[length] ?? 0);
      if (length < SHORTEST || rank < 0 || rank >= (COUNT[length] ?? 0)) continue;
      const symbol = SYMBOLS[(OFFSET[length] ?? 0) + rank] ?? END_OF_STRING;
      if (symbol === END_OF_STRING || filled >= decoded.length) return undefined;
      decoded[filled++] = symbol;
      code = 0;
      length = 0;
    }
  }
  // Padding is the beginning of the end-of-string code, which is all ones, and shorter than a byte.
  const paddingIsOnes = code === (1 << length) - 1;
  return length < 8 && paddingIsOnes ? decoded.subarray(0, filled) : undefined;
}

function buildTables(): void {
  for (const letter of LENGTHS) {
    const length = lengthOf(letter);
    COUNT[length] = (COUNT[length] ?? 0) + 1;
  }
  let code = 0;
  let offset = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code = (code + (COUNT[length - 1] ?? 0)) << 1;
    FIRST_CODE[length] = code;
    OFFSET[length] = offset;
    offset += COUNT[length] ?? 0;
  }
  const next = OFFSET.slice();
  for (let symbol = 0; symbol < LENGTHS.length; symbol++) {
    const length = lengthOf(LENGTHS.charAt(symbol));
    const at = next[length] ?? 0;
    SYMBOLS[at] = symbol;
    next[length] = at + 1;
  }
}

function lengthOf(letter: string): number {
  return letter.charCodeAt(0) - 'a'.charCodeAt(0) + SHORTEST;
}
