// What meeting controllers tell and ask of the meetings that they serve (ledger GC-11, GC-13, GC-17). Each notice names
// the generation that the controller has: what is said of one that is over has no effect.
import type { OpenAPIHono } from '@hono/zod-openapi';
import {
  endedMeetingSchema,
  hostMuteAnswerSchema,
  hostMuteNoticeSchema,
  meetingPresenceSchema,
  mhReplacementSchema,
  presenceAnswerSchema,
  requestMhReplacementSchema,
} from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import { endMeetingAnswerSchema } from '../../shared/api/node.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';
import type { AssignOptions } from '../assignment/assign.ts';
import { readServed, replaceHandlers } from '../assignment/replaceHandlers.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { addNodeRoute } from '../http/nodeRoute.ts';
import { type EndOptions, endMeetingUnless } from '../meeting/endMeeting.ts';
import type { Presence } from '../meeting/PresenceStore.ts';
import { tellUntold } from '../meeting/untold.ts';

export type ControllerRoutesOptions = AssignOptions & EndOptions;

/** Longer than anybody stays muted in one meeting; what was lifted needs no place for longer either. */
const HOST_MUTE_KEPT_MS = 24 * 3_600_000;
const SERVED_BY_ANOTHER = 'The controller does not serve the meeting in that generation: it has moved';

const byId = `${gcPaths.meetingControllers}/{controller_id}`;

/** Adds the routes to an app that lets only nodes through to them. */
export function addControllerRoutes(app: OpenAPIHono<AppEnv>, options: ControllerRoutesOptions): void {
  const { stores, clock } = options;
  addNodeRoute(app, {
    path: `${byId}/handler-replacements`,
    idName: 'controller_id',
    operationId: 'requestMhReplacement',
    summary: 'Ask for other media handlers',
    description:
      'For a meeting whose handlers have failed. Those that failed it are given again only where no other is free; asking twice gets the same answer.',
    schema: requestMhReplacementSchema,
    message: 'RequestMhReplacement',
    answer: { message: 'MhReplacement', schema: mhReplacementSchema, description: 'Who serves from now on' },
    errors: [404],
    conflict: SERVED_BY_ANOTHER,
    handle: (request, { log }) => replaceHandlers(options, request, log),
  });
  addNodeRoute(app, {
    path: `${byId}/presence`,
    idName: 'controller_id',
    operationId: 'reportPresence',
    summary: 'Tell how many participants meetings have',
    description:
      'With each full heartbeat, all meetings at once; of more than 500 the largest each time and the others in turn: what is not listed is not known. The answer names those that have moved to another controller meanwhile; of changes and ends that the controller could not be told of it hears at its internal address.',
    schema: meetingPresenceSchema,
    message: 'MeetingPresence',
    answer: {
      message: 'PresenceAnswer',
      schema: presenceAnswerSchema,
      description: 'How many meetings were counted',
    },
    errors: [404],
    handle: async ({ controller_id, meetings }, { log, trace }) => {
      if ((await stores.controllers.get(controller_id)) === undefined)
        throw new ApiError(
          'NOT_FOUND',
          `No meeting controller "${controller_id}" is registered: register again, then report`,
        );
      const nowMs = clock.epochMs();
      const presence = meetings.map((entry): [MeetingId, Presence] => [
        entry.meeting_id as MeetingId,
        {
          generation: entry.generation as Generation,
          participants: entry.participants,
          // Told as a duration, so that the controller's clock does not matter.
          emptySinceMs: entry.participants === 0 ? ((nowMs - entry.empty_for_ms) as EpochMs) : undefined,
        },
      ]);
      const controllerId = controller_id as ControllerId;
      const [lost] = await Promise.all([
        stores.superseded.of(controllerId),
        stores.presence.put(controllerId, new Map(presence), nowMs),
        tellUntold(options, controllerId, log, trace),
      ]);
      const superseded = presence.flatMap(([meeting_id, held]) => {
        const generation = lost.get(meeting_id) ?? 0;
        return generation > held.generation ? [{ meeting_id, generation }] : [];
      });
      return { counted: presence.length, superseded };
    },
  });
  addNodeRoute(app, {
    path: `${byId}/host-mutes`,
    idName: 'controller_id',
    operationId: 'reportHostMute',
    summary: 'Tell that a host has muted a participant, or lifted it',
    description:
      'The controller that serves the meeting next is told, so that nobody gets rid of it by a move. Kept for a day after the latest word.',
    schema: hostMuteNoticeSchema,
    message: 'HostMuteNotice',
    answer: { message: 'HostMuteAnswer', schema: hostMuteAnswerSchema, description: 'Whether it was noted' },
    errors: [404],
    conflict: SERVED_BY_ANOTHER,
    handle: async (notice) => {
      const { participant_id, audio, video } = notice;
      const { assignment } = await readServed(options, notice);
      const noted = await stores.access.hostMutes.put(
        assignment.meetingId,
        assignment.generation,
        { participant_id, audio, video },
        (clock.epochMs() + HOST_MUTE_KEPT_MS) as EpochMs,
      );
      return { noted };
    },
  });
  addNodeRoute(app, {
    path: `${byId}/ended-meetings`,
    idName: 'controller_id',
    operationId: 'reportEndedMeeting',
    summary: 'Tell that a meeting has ended',
    description: 'Nobody can join it again. Telling it twice is not an error.',
    schema: endedMeetingSchema,
    message: 'EndedMeeting',
    answer: {
      message: 'EndMeetingAnswer',
      schema: endMeetingAnswerSchema,
      description: 'Whether this notice ended it',
    },
    errors: [404],
    conflict: SERVED_BY_ANOTHER,
    handle: async (notice, { log, trace }) => {
      const found = await stores.meetings.get(notice.meeting_id as MeetingId);
      if (found?.status === 'ended') return { ended: false };
      const { record, assignment } = await readServed(options, notice);
      const ended = await endMeetingUnless(options, record, {
        reason: 'controller',
        log,
        trace,
        unless: (latest) => latest.assignments[options.region]?.generation !== assignment.generation,
      });
      return { ended: ended !== undefined };
    },
  });
}
