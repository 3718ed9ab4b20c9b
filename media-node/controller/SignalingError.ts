// Refusals of signaling requests, with the codes and texts of ledger MC-5.
import { CloseCode } from '../../shared/base/closeCode.ts';
import { type ErrorCode, type ServerMessageInit, signaling } from '../../shared/signaling/messages.ts';
import { isFull, isGone } from './MediaPlane.ts';

const Code = signaling.ErrorCode;

/** Thrown where a request is refused; answered to the participant in one place. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static invalid(message: string): SignalingError {
    return new SignalingError(Code.INVALID_REQUEST, message);
  }

  static invalidToken(): SignalingError {
    return new SignalingError(Code.UNAUTHORIZED, 'Invalid or expired join token');
  }

  static meetingEnded(): SignalingError {
    return new SignalingError(Code.NOT_FOUND, 'Meeting has ended');
  }

  static meetingFull(): SignalingError {
    return new SignalingError(Code.CAPACITY_EXCEEDED, 'Meeting has reached maximum participants');
  }

  static removed(): SignalingError {
    return new SignalingError(Code.FORBIDDEN, 'Removed from the meeting');
  }

  /** What the media plane's failure means for a request about one stream. */
  static ofStream(action: string, cause: unknown): SignalingError {
    if (isFull(cause)) {
      return new SignalingError(Code.CAPACITY_EXCEEDED, `Could not ${action}: the media server is full`, {
        cause,
      });
    }
    const why = isGone(cause) ? 'its media connection is gone' : 'the media server failed';
    return new SignalingError(Code.STREAM_ERROR, `Could not ${action}: ${why}`, { cause });
  }

  /** What the media plane's failure means for a join. */
  static ofJoin(cause: unknown): SignalingError {
    return isFull(cause)
      ? new SignalingError(Code.CAPACITY_EXCEEDED, 'No media server has room for this meeting', { cause })
      : new SignalingError(Code.INTERNAL_ERROR, 'No media server could be reached: join again', { cause });
  }

  /** Any thrown value: what is not a refusal is a bug, and its text stays inside. */
  static of(error: unknown): SignalingError {
    return error instanceof SignalingError
      ? error
      : new SignalingError(Code.INTERNAL_ERROR, 'Internal error', { cause: error });
  }

  /** Code with which a session is closed that cannot go on after this. */
  get closeCode(): CloseCode {
    return CLOSE_CODES[this.code] ?? CloseCode.internalError;
  }

  toMessage(replyTo: number): ServerMessageInit {
    return { replyTo, error: { code: this.code, message: this.message } };
  }
}

const CLOSE_CODES: Readonly<Partial<Record<ErrorCode, CloseCode>>> = {
  [Code.INVALID_REQUEST]: CloseCode.invalidRequest,
  [Code.UNAUTHORIZED]: CloseCode.unauthorized,
  [Code.FORBIDDEN]: CloseCode.forbidden,
  [Code.NOT_FOUND]: CloseCode.notFound,
  [Code.CONFLICT]: CloseCode.conflict,
  [Code.CAPACITY_EXCEEDED]: CloseCode.quotaExceeded,
};
