// Typed entry to the generated signaling module, and decoding that answers instead of throwing (ledger MC-1, MH-10).
import '../base/plainNumbers.ts';
import { err, ok, type Result } from '../base/result.ts';
import { encodeFramed } from './framing.ts';
import { darktower } from './generated/signaling.js';

/** The generated classes and enums: `signaling.ErrorCode.NOT_FOUND`, `signaling.StreamInfo` ... */
export const signaling: typeof darktower.signaling = darktower.signaling;

export type ClientMessage = darktower.signaling.ClientMessage.$Shape;
export type ServerMessage = darktower.signaling.ServerMessage.$Shape;
export type ClientMessageInit = darktower.signaling.ClientMessage.$Properties;
export type ServerMessageInit = darktower.signaling.ServerMessage.$Properties;
export type StreamInfo = darktower.signaling.StreamInfo.$Properties;
export type ColorSpace = darktower.signaling.ColorSpace.$Properties;
export type ParticipantInfo = darktower.signaling.ParticipantInfo.$Properties;
export type MediaServer = darktower.signaling.MediaServer.$Properties;
export type JoinResponse = darktower.signaling.JoinResponse.$Properties;
export type MediaServerChanged = darktower.signaling.MediaServerChanged.$Properties;
export type ErrorCode = darktower.signaling.ErrorCode;
export type LeaveReason = darktower.signaling.LeaveReason;
export type MediaKind = darktower.signaling.MediaKind;
export type MediaSource = darktower.signaling.MediaSource;

/** A client message as it goes on the stream, length in front. */
export function frameClientMessage(message: ClientMessageInit): Uint8Array {
  return encodeFramed(signaling.ClientMessage.encode(message).finish());
}

/** A server message as it goes on the stream, length in front. */
export function frameServerMessage(message: ServerMessageInit): Uint8Array {
  return encodeFramed(signaling.ServerMessage.encode(message).finish());
}

/** Decodes one message body (without its length). */
export function decodeClientMessage(bytes: Uint8Array): Result<ClientMessage> {
  try {
    return ok(signaling.ClientMessage.decode(bytes));
  } catch (error) {
    return err(`Not a signaling message: ${String(error)}`);
  }
}

/** Decodes one message body (without its length). */
export function decodeServerMessage(bytes: Uint8Array): Result<ServerMessage> {
  try {
    return ok(signaling.ServerMessage.decode(bytes));
  } catch (error) {
    return err(`Not a signaling message: ${String(error)}`);
  }
}
