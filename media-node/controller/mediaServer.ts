import type { MediaServer } from '../../shared/signaling/messages.ts';
import type { MediaLink } from './MeetingRouter.ts';

/** Where a participant connects to for its media. */
export function toMediaServer({ router, transport }: MediaLink): MediaServer {
  return {
    handlerId: router.handler.handler_id,
    url: transport.url,
    certificateHashes: transport.certificate_hashes.map(fromBase64),
    connectionToken: transport.connection_token,
    tokenExpiresAtMs: transport.expires_at_ms,
  };
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
