import { encodeVarint } from '../../../shared/webtransport/varint.ts';
import { concatBytes } from './bytes.ts';

/** A frame or capsule: type, length and value. */
export function encodeTlv(type: number, value: Uint8Array): Uint8Array {
  return concatBytes(encodeVarint(type), encodeVarint(value.length), value);
}
