import { isGone } from './MediaPlane.ts';
import type { MediaLink } from './MeetingRouter.ts';
import type { RequestContext } from './RequestContext.ts';

/** Losses of a router that one request lives through. */
const MAX_TRIES = 3;

/**
 * Makes a call about a participant's media and applies its answer in the same turn. A call that failed, or whose answer is
 * worth nothing, because the router was lost (ledger SFU-9) is made again once the meeting has another. Rejects as the
 * call does; neither calls nor applies for a participant who has left.
 */
export async function withMedia<Answer>(
  { meeting, participant }: RequestContext,
  call: (media: MediaLink) => Promise<Answer>,
  apply: (answer: Answer) => void,
): Promise<void> {
  for (let tries = MAX_TRIES; ; tries--) {
    await meeting.recovered();
    if (!participant.present) return;
    const { media } = participant;
    try {
      const answer = await call(media);
      if (!participant.present) return;
      if (!media.lost) return apply(answer);
      if (tries <= 1) throw new Error('The router was lost again and again');
    } catch (error) {
      const mayHelp = tries > 1 && isGone(error) && participant.present;
      if (!mayHelp || !(await meeting.router.isLost(media))) throw error;
    }
  }
}
