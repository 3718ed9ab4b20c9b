// Calls to meeting controllers over HTTPS with a pinned certificate (ledger GC-10): protobuf bodies, connections used
// again, a token that only the controller in question accepts.
import * as z from 'zod';
import { errorBodySchema } from '../../shared/api/error.ts';
import {
  assignMeetingAnswerSchema,
  endMeetingAnswerSchema,
  listParticipantsAnswerSchema,
  removeParticipantAnswerSchema,
  updateMeetingConfigAnswerSchema,
} from '../../shared/api/node.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { type TraceContext, toTraceparent } from '../../shared/base/trace.ts';
import {
  type PinnedClient,
  type PinnedRequest,
  PinnedRequestError,
  type PinnedRequestFailure,
} from '../../shared/node/pinnedHttps.ts';
import {
  CALL_TOKEN_LIFETIME_SECONDS,
  controllerAudience,
  signNodeToken,
} from '../../shared/token/nodeToken.ts';
import { PROTOBUF } from '../base/contentType.ts';
import { type NodeMessageName, nodeMessages } from '../base/nodeMessages.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import type { ControllerClient } from './ControllerClient.ts';

/** `sub` of the tokens. */
const SUBJECT = 'global-controller';

/** Failures that say nothing of the controller. */
const OWN_BOUNDS: ReadonlySet<PinnedRequestFailure> = new Set(['overloaded', 'closed']);

/** A controller that does not answer within this is passed over; connections to each are kept and used again. */
export const PINNED_CLIENT_LIMITS = { timeoutMs: 2_000, maxSockets: 8 } as const;

export interface HttpsControllerClientOptions {
  readonly https: PinnedClient;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
}

/** A call of controllers: where to, and what is sent and answered. */
interface Method<Schema extends z.ZodType> {
  readonly path: string;
  readonly request: NodeMessageName;
  readonly answer: NodeMessageName;
  readonly answerSchema: Schema;
}

const METHODS = {
  assignMeeting: {
    path: controllerPaths.assignMeeting,
    request: 'AssignMeeting',
    answer: 'AssignMeetingAnswer',
    answerSchema: assignMeetingAnswerSchema,
  },
  updateMeetingConfig: {
    path: controllerPaths.updateMeetingConfig,
    request: 'UpdateMeetingConfig',
    answer: 'UpdateMeetingConfigAnswer',
    answerSchema: updateMeetingConfigAnswerSchema,
  },
  endMeeting: {
    path: controllerPaths.endMeeting,
    request: 'EndMeeting',
    answer: 'EndMeetingAnswer',
    answerSchema: endMeetingAnswerSchema,
  },
  removeParticipant: {
    path: controllerPaths.removeParticipant,
    request: 'RemoveParticipant',
    answer: 'RemoveParticipantAnswer',
    answerSchema: removeParticipantAnswerSchema,
  },
  listParticipants: {
    path: controllerPaths.listParticipants,
    request: 'ListParticipants',
    answer: 'ListParticipantsAnswer',
    answerSchema: listParticipantsAnswerSchema,
  },
} as const satisfies Readonly<Record<string, Method<z.ZodType>>>;

export function createHttpsControllerClient(options: HttpsControllerClientOptions): ControllerClient {
  return {
    async probe(controller, trace) {
      try {
        const path = controllerPaths.controller;
        await options.https.request(
          await toPinnedRequest(options, { controller, trace, method: 'GET', path }),
        );
        return 'answer';
      } catch (error) {
        if (!(error instanceof PinnedRequestError)) throw error;
        if (error.nobodyListens) return 'nobody';
        return OWN_BOUNDS.has(error.reason) ? 'unknown' : 'silence';
      }
    },

    async assignMeeting(controller, request, trace) {
      const answer = await call(options, METHODS.assignMeeting, { controller, request, trace });
      if (!answer.ok) return { type: 'failed', reason: answer.reason };
      const { accepted, rejection, generation, handler_ids: handlerIds = [] } = answer.value;
      if (accepted && (generation !== request.generation || handlerIds.length === 0))
        return {
          type: 'failed',
          reason: `Controller accepted generation ${request.generation}, and holds ${generation} with ${handlerIds.length} media handlers`,
        };
      if (accepted) return { type: 'accepted', handlerIds };
      return rejection === 'NONE'
        ? { type: 'failed', reason: 'Controller rejected the meeting without a reason' }
        : { type: 'rejected', reason: rejection };
    },

    async updateMeetingConfig(controller, request, trace) {
      const answer = await call(options, METHODS.updateMeetingConfig, { controller, request, trace });
      return answer.ok ? ok(answer.value.updated) : answer;
    },

    async endMeeting(controller, request, trace) {
      const answer = await call(options, METHODS.endMeeting, { controller, request, trace });
      return answer.ok ? ok(answer.value.ended) : answer;
    },

    async removeParticipant(controller, request, trace) {
      const answer = await call(options, METHODS.removeParticipant, { controller, request, trace });
      return answer.ok ? ok(answer.value.removed) : answer;
    },

    async listParticipants(controller, request, trace) {
      const answer = await call(options, METHODS.listParticipants, { controller, request, trace });
      return answer.ok ? ok(answer.value.participants) : answer;
    },
  };
}

interface Call {
  readonly controller: MeetingController;
  /** A body that the method's schema in shared/api/node has passed. */
  readonly request: object;
  readonly trace: TraceContext;
}

/** A request that only this controller accepts, without a body. */
async function toPinnedRequest(
  { signingKeys, clock }: HttpsControllerClientOptions,
  {
    controller,
    trace,
    method,
    path,
  }: Omit<Call, 'request'> & { readonly method: string; readonly path: string },
): Promise<PinnedRequest & { readonly headers: Readonly<Record<string, string>> }> {
  const token = await signNodeToken(signingKeys.current(), {
    subject: SUBJECT,
    audience: controllerAudience(controller.id),
    issuedAtSeconds: Math.floor(clock.epochMs() / 1_000),
    lifetimeSeconds: CALL_TOKEN_LIFETIME_SECONDS,
  });
  return {
    url: new URL(path, controller.registration.internal_url).href,
    method,
    headers: { authorization: `Bearer ${token}`, traceparent: toTraceparent(trace) },
    certificateHashes: controller.registration.certificate_hashes,
  };
}

async function call<Schema extends z.ZodType>(
  options: HttpsControllerClientOptions,
  method: Method<Schema>,
  { controller, request, trace }: Call,
): Promise<Result<z.output<Schema>>> {
  const { decodeNodeMessage, encodeNodeMessage } = await nodeMessages();
  const pinned = await toPinnedRequest(options, { controller, trace, method: 'POST', path: method.path });
  try {
    const answer = await options.https.request({
      ...pinned,
      headers: { ...pinned.headers, 'content-type': PROTOBUF, accept: PROTOBUF },
      body: encodeNodeMessage(method.request, request),
    });
    if (answer.status !== 200)
      return err(`Controller answered ${answer.status}: ${errorMessage(answer.body)}`);
    const decoded = decodeNodeMessage(method.answer, answer.body);
    if (!decoded.ok) return err(`Controller's answer: ${decoded.reason}`);
    const parsed = method.answerSchema.safeParse(decoded.value);
    return parsed.success ? ok(parsed.data) : err(`Controller's answer: ${z.prettifyError(parsed.error)}`);
  } catch (error) {
    if (error instanceof PinnedRequestError) return err(`${error.reason}: ${error.message}`);
    throw error;
  }
}

function errorMessage(body: Buffer): string {
  try {
    return errorBodySchema.parse(JSON.parse(body.toString('utf8'))).error.message;
  } catch {
    // Not our shape: some other server. The status says what there is to say.
    return 'no error body';
  }
}
