// Typed entry to the generated media session module, and decoding that answers instead of throwing (ledger MH-10).
import '../base/plainNumbers.ts';
import { err, ok, type Result } from '../base/result.ts';
import { encodeFramed } from '../signaling/framing.ts';
import { darktower } from './generated/media-session.js';

export const mediaSession: typeof darktower.mediasession = darktower.mediasession;

export type MediaClientMessage = darktower.mediasession.ClientMessage.$Shape;
export type MediaServerMessage = darktower.mediasession.ServerMessage.$Shape;
export type MediaClientMessageInit = darktower.mediasession.ClientMessage.$Properties;
export type MediaServerMessageInit = darktower.mediasession.ServerMessage.$Properties;
export type StreamReport = darktower.mediasession.StreamReport.$Properties;

export function frameMediaClientMessage(message: MediaClientMessageInit): Uint8Array {
  return encodeFramed(mediaSession.ClientMessage.encode(message).finish());
}

export function frameMediaServerMessage(message: MediaServerMessageInit): Uint8Array {
  return encodeFramed(mediaSession.ServerMessage.encode(message).finish());
}

export function decodeMediaClientMessage(bytes: Uint8Array): Result<MediaClientMessage> {
  try {
    return ok(mediaSession.ClientMessage.decode(bytes));
  } catch (error) {
    return err(`Not a media session message: ${String(error)}`);
  }
}

export function decodeMediaServerMessage(bytes: Uint8Array): Result<MediaServerMessage> {
  try {
    return ok(mediaSession.ServerMessage.decode(bytes));
  } catch (error) {
    return err(`Not a media session message: ${String(error)}`);
  }
}
