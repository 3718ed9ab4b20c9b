// Meeting controllers that behave as the real ones do towards the global controller: they hold meetings, fence by
// generation, and can be full, draining, silent or gone.

import type {
  AssignOutcome,
  ControllerClient,
  ProbeOutcome,
  RejectionReason,
} from '../../../../functions/controllers/ControllerClient.ts';
import type { MeetingController } from '../../../../functions/registry/MediaNode.ts';
import type {
  AssignMeeting,
  EndMeeting,
  ListParticipants,
  ListParticipantsAnswer,
  RemoveParticipant,
  UpdateMeetingConfig,
} from '../../../../shared/api/node.ts';
import { err, ok, type Result } from '../../../../shared/base/result.ts';

export type Behaviour = 'accepts' | 'fails' | RejectionReason;

export class FakeControllers implements ControllerClient {
  readonly held = new Map<string, Map<string, AssignMeeting>>();
  readonly asked: { readonly controllerId: string; readonly request: AssignMeeting }[] = [];
  readonly ended: { readonly controllerId: string; readonly request: EndMeeting }[] = [];
  readonly behaviour = new Map<string, Behaviour>();
  /** What probes find; an answer by default. */
  readonly found = new Map<string, ProbeOutcome>();
  /** Ids of those that were probed. */
  readonly probed: string[] = [];
  /** Who is there, by meeting. */
  readonly participants = new Map<string, ListParticipantsAnswer['participants']>();
  /** Runs when a controller has accepted and before the caller hears of it. */
  beforeAnswer: (controllerId: string) => Promise<void> = async () => undefined;

  async probe(controller: MeetingController): Promise<ProbeOutcome> {
    this.probed.push(controller.id);
    return this.found.get(controller.id) ?? 'answer';
  }

  async assignMeeting(controller: MeetingController, request: AssignMeeting): Promise<AssignOutcome> {
    this.asked.push({ controllerId: controller.id, request });
    const behaviour = this.behaviour.get(controller.id) ?? 'accepts';
    if (behaviour === 'fails') return { type: 'failed', reason: 'unreachable: nobody there' };
    if (behaviour !== 'accepts') return { type: 'rejected', reason: behaviour };
    const meetings = this.meetingsOf(controller.id);
    const held = meetings.get(request.meeting_id);
    if (held !== undefined && request.generation < held.generation)
      return { type: 'failed', reason: 'Controller answered 409: stale generation' };
    if (held === undefined || request.generation > held.generation) meetings.set(request.meeting_id, request);
    await this.beforeAnswer(controller.id);
    const { media_handlers: handlers } = meetings.get(request.meeting_id) ?? request;
    return { type: 'accepted', handlerIds: handlers.map(({ handler_id }) => handler_id) };
  }

  async endMeeting(controller: MeetingController, request: EndMeeting): Promise<Result<boolean>> {
    this.ended.push({ controllerId: controller.id, request });
    if (this.behaviour.get(controller.id) === 'fails') return err('unreachable: nobody there');
    const held = this.meetingsOf(controller.id).get(request.meeting_id);
    if (held === undefined) return ok(false);
    if (request.generation < held.generation) return err('Controller answered 409: stale generation');
    this.meetingsOf(controller.id).delete(request.meeting_id);
    return ok(true);
  }

  async updateMeetingConfig(
    controller: MeetingController,
    { meeting_id: id, generation, config }: UpdateMeetingConfig,
  ): Promise<Result<boolean>> {
    if (this.behaviour.get(controller.id) === 'fails') return err('unreachable: nobody there');
    const held = this.meetingsOf(controller.id).get(id);
    if (held === undefined) return ok(false);
    if (generation < held.generation) return err('Controller answered 409: stale generation');
    const isNewer = (config.version ?? 0) > (held.config.version ?? 0);
    if (isNewer) this.meetingsOf(controller.id).set(id, { ...held, config });
    return ok(isNewer);
  }

  async removeParticipant(
    controller: MeetingController,
    request: RemoveParticipant,
  ): Promise<Result<boolean>> {
    if (this.behaviour.get(controller.id) === 'fails') return err('unreachable: nobody there');
    const there = this.participants.get(request.meeting_id) ?? [];
    const left = there.filter(({ participant_id }) => participant_id !== request.participant_id);
    this.participants.set(request.meeting_id, left);
    return ok(left.length < there.length);
  }

  async listParticipants(
    controller: MeetingController,
    request: ListParticipants,
  ): Promise<Result<ListParticipantsAnswer['participants']>> {
    if (this.behaviour.get(controller.id) === 'fails') return err('unreachable: nobody there');
    return ok(this.participants.get(request.meeting_id) ?? []);
  }

  /** What a process that starts anew knows: nothing. */
  restart(controllerId: string): void {
    this.held.delete(controllerId);
  }

  holdersOf(meetingId: string): string[] {
    return [...this.held].filter(([, meetings]) => meetings.has(meetingId)).map(([id]) => id);
  }

  meetingsOf(controllerId: string): Map<string, AssignMeeting> {
    let meetings = this.held.get(controllerId);
    if (meetings === undefined) {
      meetings = new Map();
      this.held.set(controllerId, meetings);
    }
    return meetings;
  }
}
