import { ApiError } from '../../../shared/api/error.ts';
import type { JoinAnswerBody } from '../../../shared/api/meeting.ts';
import type { ApiClient, JoinOptions } from './ApiClient.ts';
import { solveProofOfWork } from './proofOfWork.ts';

/** Asks to be let in, as a guest with a challenge solved where that is asked for (ledger GC-16). Rejects as ApiClient. */
export async function requestJoin(
  api: ApiClient,
  meetingId: string,
  options: JoinOptions,
): Promise<JoinAnswerBody> {
  try {
    return await api.joinMeeting(meetingId, options);
  } catch (error) {
    if (!asksForHumanCheck(error)) throw error;
    const challenge = await api.getGuestChallenge(meetingId);
    if (challenge.type === 'none') throw error;
    return await api.joinMeeting(meetingId, { ...options, humanCheck: await solveProofOfWork(challenge) });
  }
}

function asksForHumanCheck(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'FORBIDDEN' && 'challenges' in error.details;
}
