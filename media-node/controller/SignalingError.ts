// Refusals of signaling requests, with the codes and texts of ledger MC-5.
import { CloseCode } from '../../shared/base/closeCode.ts';
import { type ErrorCode, type ServerMessageInit, signaling } from '../../shared/signaling/messages.ts';
import { isFull, isGone } from './MediaPlane.ts';
import type { RefusalReason } from './Refusals.ts';

const Code = signaling.ErrorCode;

export interface SignalingErrorOptions extends ErrorOptions {
  /** As what it is counted; that of a request by default. */
  readonly refusal?: RefusalReason;
}

/** Thrown where a request is refused; answered to the participant in one place. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError';
  readonly code: ErrorCode;
  readonly refusal: RefusalReason;

  constructor(code: ErrorCode, message: string, { refusal, ...options }: SignalingErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.refusal = refusal ?? 'requestRefused';
  }

  static invalid(message: string, refusal: RefusalReason = 'requestRefused'): SignalingError {
    return new SignalingError(Code.INVALID_REQUEST, message, { refusal });
  }

  static invalidToken(): SignalingError {
    return new SignalingError(Code.UNAUTHORIZED, 'Invalid or expired join token', {
      refusal: 'tokenRefused',
    });
  }

  static meetingEnded(): SignalingError {
    return new SignalingError(Code.NOT_FOUND, 'Meeting has ended', { refusal: 'meetingEnded' });
  }

  static meetingFull(): SignalingError {
    return new SignalingError(Code.CAPACITY_EXCEEDED, 'Meeting has reached maximum participants', {
      refusal: 'meetingFull',
    });
  }

  static controllerFull(): SignalingError {
    return new SignalingError(
      Code.CAPACITY_EXCEEDED,
      'Meeting controller serves as many meetings as it may: try again later',
      { refusal: 'controllerFull' },
    );
  }

  static removed(): SignalingError {
    return new SignalingError(Code.FORBIDDEN, 'Removed from the meeting', {
      refusal: 'participantRemoved',
    });
  }

  /** What the media plane's failure means for a request about one stream. */
  static ofStream(action: string, cause: unknown): SignalingError {
    if (isFull(cause)) {
      return new SignalingError(Code.CAPACITY_EXCEEDED, `Could not ${action}: the media server is full`, {
        cause,
        refusal: 'mediaServerFull',
      });
    }
    const why = isGone(cause) ? 'its media connection is gone' : 'the media server failed';
    return new SignalingError(Code.STREAM_ERROR, `Could not ${action}: ${why}`, {
      cause,
      refusal: 'mediaServerFailed',
    });
  }

  /** What the media plane's failure means for a join. */
  static ofJoin(cause: unknown): SignalingError {
    return isFull(cause)
      ? new SignalingError(Code.CAPACITY_EXCEEDED, 'No media server has room for this meeting', {
          cause,
          refusal: 'mediaServerFull',
        })
      : new SignalingError(Code.INTERNAL_ERROR, 'No media server could be reached: join again', {
          cause,
          refusal: 'mediaServerFailed',
        });
  }

  /** Any thrown value: what is not a refusal is a bug, and its text stays inside. */
  static of(error: unknown): SignalingError {
    return error instanceof SignalingError
      ? error
      : new SignalingError(Code.INTERNAL_ERROR, 'Internal error', { cause: error, refusal: 'internalError' });
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
