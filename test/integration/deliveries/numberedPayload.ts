// Payloads of which a receiver can tell whether they are as they were sent: four bytes of a number, the rest made of it.

const NUMBER_BYTES = 4;

export function numberedPayload(number: number, length: number): Uint8Array {
  const payload = new Uint8Array(Math.max(NUMBER_BYTES, length));
  new DataView(payload.buffer).setUint32(0, number);
  for (let at = NUMBER_BYTES; at < payload.length; at++) payload[at] = number + at;
  return payload;
}

export function isWhole(payload: Uint8Array): boolean {
  if (payload.length < NUMBER_BYTES) return false;
  const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  return numberedPayload(number, payload.length).every((byte, at) => payload[at] === byte);
}
