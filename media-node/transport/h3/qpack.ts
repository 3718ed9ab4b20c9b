// Header sections (RFC 9204 §4.5) with the static table and literals only: we advertise a dynamic table of capacity 0,
// so a reference to it is a fault and nothing is kept from one section to the next.
import { err, ok, type Result } from '../../../shared/base/result.ts';
import { concatBytes } from './bytes.ts';
import { Bounds } from './constants.ts';
import { type H3Fault, H3Faults } from './fault.ts';
import { decodeHuffman } from './huffman.ts';
import { STATIC_TABLE } from './qpackStaticTable.ts';

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** RFC 9114 §4.2.2: what a field counts besides its name and value, bytes. */
const FIELD_OVERHEAD_BYTES = 32;
/** Integers over this are over every bound of ours. */
const MAX_INTEGER = 2 ** 20;

/**
 * A header section.
 * @throws RangeError when a name or value is not visible ASCII or space: a bug of the caller.
 */
export function encodeFieldSection(fields: readonly Field[]): Uint8Array {
  const noDynamicTable = Uint8Array.of(0, 0);
  return concatBytes(noDynamicTable, ...fields.map(encodeField));
}

/** The fields of an encoded section in their order, each character one byte of the original. */
export function decodeFieldSection(section: Uint8Array): Result<Field[], H3Fault> {
  return new SectionDecoder(section).decode();
}

function encodeField(field: Field): Uint8Array {
  const whole = STATIC_TABLE.findIndex(([name, value]) => name === field.name && value === field.value);
  if (whole >= 0) return encodeInteger(0b1100_0000, 6, whole);
  const named = STATIC_TABLE.findIndex(([name]) => name === field.name);
  const head =
    named >= 0
      ? encodeInteger(0b0101_0000, 4, named)
      : concatBytes(encodeInteger(0b0010_0000, 3, field.name.length), asciiBytes(field.name));
  return concatBytes(head, encodeInteger(0, 7, field.value.length), asciiBytes(field.value));
}

/** RFC 7541 §5.1. `pattern` holds the bits above the prefix. */
function encodeInteger(pattern: number, prefixBits: number, value: number): Uint8Array {
  const limit = (1 << prefixBits) - 1;
  if (value < limit) return Uint8Array.of(pattern | value);
  const bytes = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20 || code > 0x7e)
      throw new RangeError(`Header field must be visible ASCII or space: got ${JSON.stringify(text)}`);
    return code;
  });
}

/** A cursor over one section; the first fault stops it. */
class SectionDecoder {
  readonly #section: Uint8Array;
  #at = 0;
  #fault: H3Fault | undefined;

  constructor(section: Uint8Array) {
    this.#section = section;
  }

  decode(): Result<Field[], H3Fault> {
    const requiredInsertCount = this.#integer(8);
    this.#integer(7);
    if (requiredInsertCount !== 0) this.#fail(H3Faults.qpackDynamicTable);
    const fields: Field[] = [];
    let sectionBytes = 0;
    while (this.#fault === undefined && this.#at < this.#section.length) {
      const field = this.#field();
      sectionBytes += field.name.length + field.value.length + FIELD_OVERHEAD_BYTES;
      fields.push(field);
      if (fields.length > Bounds.fields || sectionBytes > Bounds.fieldSectionBytes)
        this.#fail(H3Faults.headerSectionTooLarge);
    }
    return this.#fault === undefined ? ok(fields) : err(this.#fault);
  }

  #field(): Field {
    const first = this.#section[this.#at] ?? 0;
    if ((first & 0b1100_0000) === 0b1100_0000) {
      const [name, value] = this.#staticEntry(this.#integer(6));
      return { name, value };
    }
    if ((first & 0b1101_0000) === 0b0101_0000) {
      const [name] = this.#staticEntry(this.#integer(4));
      return { name, value: this.#string(7) };
    }
    if ((first & 0b1110_0000) === 0b0010_0000) {
      const name = this.#string(3);
      return { name, value: this.#string(7) };
    }
    this.#fail(H3Faults.qpackDynamicTable);
    return { name: '', value: '' };
  }

  #staticEntry(index: number): readonly [string, string] {
    const entry = STATIC_TABLE[index];
    if (entry === undefined) this.#fail(H3Faults.qpack);
    return entry ?? ['', ''];
  }

  /** RFC 7541 §5.1. */
  #integer(prefixBits: number): number {
    const limit = (1 << prefixBits) - 1;
    let value = this.#byte() & limit;
    if (value < limit) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (value > MAX_INTEGER || scale > MAX_INTEGER) {
        this.#fail(H3Faults.qpack);
        return 0;
      }
    }
  }

  /** RFC 9204 §4.1.2: the bit above the length's prefix says whether the string is Huffman coded. */
  #string(prefixBits: number): string {
    const isHuffman = ((this.#section[this.#at] ?? 0) & (1 << prefixBits)) !== 0;
    const length = this.#integer(prefixBits);
    const from = this.#at;
    const to = from + length;
    if (length > Bounds.fieldStringBytes) this.#fail(H3Faults.headerSectionTooLarge);
    else if (to > this.#section.length) this.#fail(H3Faults.qpack);
    if (this.#fault !== undefined) return '';
    this.#at = to;
    const bytes = isHuffman
      ? decodeHuffman(this.#section, from, to, Bounds.fieldStringBytes)
      : this.#section.subarray(from, to);
    if (bytes === undefined) this.#fail(H3Faults.qpack);
    return bytes === undefined ? '' : String.fromCharCode(...bytes);
  }

  #byte(): number {
    const byte = this.#section[this.#at];
    if (byte === undefined) this.#fail(H3Faults.qpack);
    this.#at++;
    return byte ?? 0;
  }

  #fail(fault: H3Fault): void {
    this.#fault ??= fault;
  }
}
