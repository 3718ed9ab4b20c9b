import type { GuestChallengeBody, HumanAnswer } from '../../shared/api/guest.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { ok, type Result } from '../../shared/base/result.ts';

/** Tells people from floods of requests before a guest is let in (ledger GC-16): a seam for whatever does. */
export interface HumanCheck {
  /** What a guest of the meeting has to solve. */
  challenge(meetingId: MeetingId): Promise<GuestChallengeBody>;
  /**
   * Whether that is done, or why not: a sentence for the guest. An answer is good once.
   * @throws ApiError (503) while that cannot be told
   */
  verify(meetingId: MeetingId, answer: HumanAnswer | undefined): Promise<Result<null>>;
}

/** Asks nothing: for a system that only its own machine reaches, or behind something that checks already. */
export const noHumanCheck: HumanCheck = {
  challenge: async () => ({ type: 'none' }),
  verify: async () => ok(null),
};
