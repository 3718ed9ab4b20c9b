import type { GuestChallengeBody, HumanAnswer } from '../../shared/api/guest.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { ok, type Result } from '../../shared/base/result.ts';

/** An answer that was good, and is used up. */
export interface HumanProof {
  /** Makes it good again, for a guest who was not let in all the same. Rejects with ApiError (503) as stores do. */
  giveBack(): Promise<void>;
}

/** Tells people from floods of requests before a guest is let in (ledger GC-16): a seam for whatever does. */
export interface HumanCheck {
  /** What a guest of the meeting has to solve. */
  challenge(meetingId: MeetingId): Promise<GuestChallengeBody>;
  /**
   * That it is done, or why not: a sentence for the guest. An answer is good once.
   * @throws ApiError (503) while that cannot be told
   */
  verify(meetingId: MeetingId, answer: HumanAnswer | undefined): Promise<Result<HumanProof>>;
}

/** Asks nothing: for a system that only its own machine reaches, or behind something that checks already. */
export const noHumanCheck: HumanCheck = {
  challenge: async () => ({ type: 'none' }),
  verify: async () => ok({ giveBack: async () => undefined }),
};
