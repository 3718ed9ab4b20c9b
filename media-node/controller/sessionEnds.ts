// The ways in which a session ends that are the participant's doing or its connection's.
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { FramingFault } from '../../shared/signaling/framing.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/signaling/framing.ts';
import { signaling } from '../../shared/signaling/messages.ts';
import type { ConnectionEnd } from './Participant.ts';
import type { RefusalReason } from './Refusals.ts';
import { SignalingError } from './SignalingError.ts';

const { ErrorCode, LeaveReason } = signaling;

export function left(sequence: number): ConnectionEnd {
  return {
    code: CloseCode.normal,
    reason: 'Left the meeting',
    leaveReason: LeaveReason.LEFT,
    last: { replyTo: sequence, ack: {} },
  };
}

export const streamEnded: ConnectionEnd = {
  code: CloseCode.normal,
  reason: 'The signaling stream ended',
  leaveReason: LeaveReason.CONNECTION_LOST,
};

export const notReading: ConnectionEnd = {
  code: CloseCode.quotaExceeded,
  reason: 'The signaling stream is not being read',
  leaveReason: LeaveReason.CONNECTION_LOST,
  refusal: 'messageQueueFull',
};

/** The meeting has another controller. */
export const superseded: ConnectionEnd = {
  code: CloseCode.goingAway,
  reason: 'Meeting is served by another controller: join again',
  leaveReason: LeaveReason.CONNECTION_LOST,
};

export function refused(error: SignalingError, replyTo: number, code = error.closeCode): ConnectionEnd {
  return {
    code,
    reason: error.message,
    leaveReason: LeaveReason.CONNECTION_LOST,
    last: error.toMessage(replyTo),
    refusal: error.refusal,
  };
}

export function malformed(reason: string): ConnectionEnd {
  return refused(SignalingError.invalid(reason, 'messageMalformed'), 0);
}

export function badFraming(fault: FramingFault): ConnectionEnd {
  return fault === 'oversized'
    ? refused(
        SignalingError.invalid(`A message must be at most ${MAX_MESSAGE_BYTES} bytes`, 'messageOversized'),
        0,
        CloseCode.quotaExceeded,
      )
    : malformed('A message must not be empty');
}

export function tooMany(
  what: string,
  refusal: Extract<RefusalReason, 'messageRateExceeded' | 'requestQueueFull'>,
): ConnectionEnd {
  return refused(new SignalingError(ErrorCode.CAPACITY_EXCEEDED, what, { refusal }), 0);
}

export function silent(timeoutMs: number): ConnectionEnd {
  return {
    code: CloseCode.timedOut,
    reason: `No heartbeat for ${timeoutMs / 1_000} s`,
    leaveReason: LeaveReason.TIMED_OUT,
  };
}

export function neverJoined(timeoutMs: number): ConnectionEnd {
  return {
    code: CloseCode.timedOut,
    reason: `No join request within ${timeoutMs / 1_000} s`,
    leaveReason: LeaveReason.CONNECTION_LOST,
    refusal: 'joinTimedOut',
  };
}

export function joinTookTooLong(sequence: number): ConnectionEnd {
  const error = new SignalingError(ErrorCode.INTERNAL_ERROR, 'Joining took too long: join again', {
    refusal: 'joinTimedOut',
  });
  return refused(error, sequence);
}
