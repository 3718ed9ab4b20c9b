// Calls to meeting controllers over HTTPS with a pinned certificate (ledger GC-10): protobuf bodies, connections used
// again, a token that only the controller in question accepts.
import * as z from 'zod';
import { errorBodySchema } from '../../shared/api/error.ts';
import {
  type AssignMeeting,
  assignMeetingAnswerSchema,
  type EndMeeting,
  endMeetingAnswerSchema,
} from '../../shared/api/node.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { darktower } from '../../shared/control-plane/generated/control-plane.js';
import { type PinnedClient, PinnedRequestError } from '../../shared/node/pinnedHttps.ts';
import {
  CALL_TOKEN_LIFETIME_SECONDS,
  controllerAudience,
  signNodeToken,
} from '../../shared/token/nodeToken.ts';
import { decodeProtobuf, PROTOBUF, type ProtobufMessage } from '../base/protobuf.ts';
import { type TraceContext, toTraceparent } from '../base/trace.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import type { ControllerClient } from './ControllerClient.ts';

const messages = darktower.controlplane;
/** `sub` of the tokens. */
const SUBJECT = 'global-controller';

/** A controller that does not answer within this is passed over; connections to each are kept and used again. */
export const PINNED_CLIENT_LIMITS = { timeoutMs: 2_000, maxSockets: 8 } as const;

export interface HttpsControllerClientOptions {
  readonly https: PinnedClient;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
}

export function createHttpsControllerClient(options: HttpsControllerClientOptions): ControllerClient {
  return {
    async assignMeeting(controller, request, trace) {
      const answer = await call(options, {
        controller,
        trace,
        path: controllerPaths.assignMeeting,
        body: encodeAssignMeeting(request),
        answerType: messages.AssignMeetingAnswer,
        answerSchema: assignMeetingAnswerSchema,
      });
      if (!answer.ok) return { type: 'failed', reason: answer.reason };
      const { accepted, rejection } = answer.value;
      if (accepted) return { type: 'accepted' };
      return rejection === 'NONE'
        ? { type: 'failed', reason: 'Controller rejected the meeting without a reason' }
        : { type: 'rejected', reason: rejection };
    },

    async endMeeting(controller, request, trace) {
      const answer = await call(options, {
        controller,
        trace,
        path: controllerPaths.endMeeting,
        body: encodeEndMeeting(request),
        answerType: messages.EndMeetingAnswer,
        answerSchema: endMeetingAnswerSchema,
      });
      return answer.ok ? ok(answer.value.ended) : answer;
    },
  };
}

interface Call<Schema extends z.ZodType> {
  readonly controller: MeetingController;
  readonly trace: TraceContext;
  readonly path: string;
  readonly body: Uint8Array;
  readonly answerType: ProtobufMessage;
  readonly answerSchema: Schema;
}

async function call<Schema extends z.ZodType>(
  { https, signingKeys, clock }: HttpsControllerClientOptions,
  { controller, trace, path, body, answerType, answerSchema }: Call<Schema>,
): Promise<Result<z.output<Schema>>> {
  const token = await signNodeToken(signingKeys.current(), {
    subject: SUBJECT,
    audience: controllerAudience(controller.id),
    issuedAtSeconds: Math.floor(clock.epochMs() / 1_000),
    lifetimeSeconds: CALL_TOKEN_LIFETIME_SECONDS,
  });
  try {
    const answer = await https.request({
      url: new URL(path, controller.registration.internal_url).href,
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': PROTOBUF,
        accept: PROTOBUF,
        traceparent: toTraceparent(trace),
      },
      body,
      certificateHashes: controller.registration.certificate_hashes,
    });
    if (answer.status !== 200)
      return err(`Controller answered ${answer.status}: ${errorMessage(answer.body)}`);
    const parsed = answerSchema.safeParse(decodeProtobuf(answerType, answer.body));
    return parsed.success ? ok(parsed.data) : err(`Controller's answer: ${z.prettifyError(parsed.error)}`);
  } catch (error) {
    return err(
      error instanceof PinnedRequestError
        ? `${error.reason}: ${error.message}`
        : `Controller's answer is not protobuf: ${String(error)}`,
    );
  }
}

function encodeAssignMeeting(request: AssignMeeting): Uint8Array {
  return messages.AssignMeeting.encode(messages.AssignMeeting.fromObject(request)).finish();
}

function encodeEndMeeting(request: EndMeeting): Uint8Array {
  return messages.EndMeeting.encode(messages.EndMeeting.fromObject(request)).finish();
}

function errorMessage(body: Buffer): string {
  try {
    return errorBodySchema.parse(JSON.parse(body.toString('utf8'))).error.message;
  } catch {
    // Not our shape: some other server. The status says what there is to say.
    return 'no error body';
  }
}
