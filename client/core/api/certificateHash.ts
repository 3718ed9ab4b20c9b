/** The 32 bytes of a base64 SHA-256, as the join answer carries it and serverCertificateHashes takes it. */
export function certificateHashBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
