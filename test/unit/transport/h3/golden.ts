// Bytes that a Chromium 156 sent to this transport, and what they say.

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Control stream, its type first: settings, a reserved one among them, and a reserved frame of one byte. */
export const CHROMIUM_CONTROL_STREAM = hex(
  `00042901800100000680004000074064330180ffd27701ab60374201c0000005f87a22d2
   c0000000b8e00ee7c000000eb5e736000151`,
);

/** The request for a session at /meetings/7?as=x, from a page at http://localhost:8123, to 127.0.0.1:4832; a reserved frame behind it. */
export const CHROMIUM_CONNECT = hex(
  `01405c0000d7cf508a089d5c0b8170dc69e645518c62929526aa6430eff83441e72f00b95d8749c87a3f89f058d360ea4567b1
   3f2f0e4148b782c69b07522b3d895a74a6b65692c1ca900b01315f4b8f9d29aee30c50720e89ce84dc782267003fcc574e82bd
   a8c50c36a8384ca6b9892a4b9652cd0001c964acfd1b0f4ebc6e9e8f1402044e834fd75cee87ffff39a7920db2f3fbf210fe86
   2872841f69cbfa`,
);
