// Looks a meeting up before anybody joins: its name for the title, or at once that it is not there any more.
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ApiClient } from '../../core/index.ts';
import { type JoinProblem, toJoinProblem } from '../app/joinProblem.ts';

export interface Invitation {
  readonly name: string | undefined;
  readonly problem: JoinProblem | undefined;
  /** The person is doing something about the problem. */
  readonly dismiss: () => void;
}

interface Found {
  readonly name?: string;
  readonly problem?: JoinProblem;
}

export function useMeetingName(api: ApiClient, meetingId: string): Invitation {
  const [found, setFound] = useState<Found>({});
  useEffect(() => {
    setFound({});
    if (meetingId === '') return;
    let wanted = true;
    void lookUp(api, meetingId).then((result) => {
      if (wanted) setFound(result);
    });
    return () => {
      wanted = false;
    };
  }, [api, meetingId]);
  const dismiss = useCallback(() => setFound((old) => (old.problem ? {} : old)), []);
  return { name: found.name, problem: found.problem, dismiss };
}

async function lookUp(api: ApiClient, meetingId: string): Promise<Found> {
  try {
    const meeting = await api.getMeeting(meetingId);
    if (meeting.status === 'ended') {
      return { problem: { code: 'ended', message: 'This meeting has ended: start a new one' } };
    }
    return meeting.display_name === meeting.meeting_id ? {} : { name: meeting.display_name };
  } catch (error) {
    // Only what is certain is said this early: anything else may be better when the person joins.
    const problem = toJoinProblem(error);
    return problem.code === 'not_found' ? { problem } : {};
  }
}
