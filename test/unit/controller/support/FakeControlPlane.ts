// A global controller as the meeting controller sees it: it gives out spare media handlers, never one that has failed.
import type {
  ControlPlane,
  HandlerReplacementRequest,
  MeetingEndedNotice,
  MutedNotice,
} from '../../../../media-node/controller/ControlPlane.ts';
import type { HostMuteAnswer, MhReplacement } from '../../../../shared/api/controllerNotice.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import type { AssignMeeting, EndMeetingAnswer } from '../../../../shared/api/node.ts';
import { HASH } from './InMemoryMediaPlane.ts';

export class FakeControlPlane implements ControlPlane {
  /** Ids of handlers that it may give out. */
  spare: string[] = [];
  readonly replacements: HandlerReplacementRequest[] = [];
  readonly ended: MeetingEndedNotice[] = [];
  readonly muted: MutedNotice[] = [];
  /** Runs in front of each answer: a rejection is the call's. */
  before: () => Promise<void> | void = () => undefined;

  async replaceHandlers(request: HandlerReplacementRequest): Promise<MhReplacement> {
    this.replacements.push(request);
    await this.before();
    const failed = new Set(request.failed.map(({ handler_id }) => handler_id));
    const left = this.spare.filter((id) => !failed.has(id));
    if (left.length === 0) throw new ApiError('NO_CAPACITY', 'No media handler can take the meeting');
    return {
      generation: request.generation,
      media_handlers: left
        .slice(0, 2)
        .map((id, rank) => handlerAssignment(id, rank === 0 ? 'PRIMARY' : 'BACKUP')),
    };
  }

  async hostMuted(notice: MutedNotice): Promise<HostMuteAnswer> {
    this.muted.push(notice);
    await this.before();
    return { noted: true };
  }

  async meetingEnded(notice: MeetingEndedNotice): Promise<EndMeetingAnswer> {
    this.ended.push(notice);
    await this.before();
    return { ended: true };
  }
}

export function handlerAssignment(
  id: string,
  role: 'PRIMARY' | 'BACKUP',
): AssignMeeting['media_handlers'][number] {
  return {
    handler_id: id,
    role,
    webtransport_url: 'https://192.0.2.1:4433/media',
    internal_url: 'https://192.0.2.1:9000',
    certificate_hashes: [HASH],
  };
}
