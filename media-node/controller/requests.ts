// The requests of a participant who has joined (ledger MC-3): which message does what. Leave and Heartbeat are the
// session's own.
import { MAX_BATCH } from '../../shared/api/handler.ts';
import type { ClientMessage } from '../../shared/signaling/messages.ts';
import { frameServerMessage } from '../../shared/signaling/messages.ts';
import { hostMute } from './hostMute.ts';
import { publishStream, unpublishStream } from './publish.ts';
import type { Reply, RequestContext } from './RequestContext.ts';
import { SignalingError } from './SignalingError.ts';
import { type SubscribeRequest, subscribeStreams, unsubscribeStream } from './subscribe.ts';

export interface SignalingRequest {
  readonly sequence: number;
  readonly message: ClientMessage;
}

/** Subscriptions that follow each other are carried out together, anything else by itself. */
export function requestBatchSize(pending: readonly SignalingRequest[]): number {
  const end = pending.findIndex(({ message }) => message.payload !== 'subscribeStream');
  return Math.max(1, Math.min(end < 0 ? pending.length : end, MAX_BATCH));
}

/** Carries out a batch of requestBatchSize and answers each of its requests. Never rejects. */
export async function carryOut(context: RequestContext, batch: readonly SignalingRequest[]): Promise<void> {
  // While the media server is being replaced, requests wait in their order.
  await context.meeting.recovered();
  if (!context.participant.present) return;
  const [first] = batch;
  if (first === undefined) return;
  try {
    if (first.message.payload === 'subscribeStream')
      await subscribeStreams(context, toSubscriptions(context, batch));
    else await carryOutOne(context, first, replyTo(context, first));
  } catch (error) {
    refusal(context, first)(error);
  }
}

async function carryOutOne(context: RequestContext, request: SignalingRequest, reply: Reply): Promise<void> {
  const { message } = request;
  switch (message.payload) {
    case 'publishStream':
      return await publishStream(context, message.publishStream.info, reply);
    case 'unpublishStream':
      return await unpublishStream(context, message.unpublishStream.streamId ?? 0, reply);
    case 'unsubscribeStream': {
      const { userId, streamId } = message.unsubscribeStream;
      return await unsubscribeStream(context, { userId: userId ?? 0, streamId: streamId ?? 0 }, reply);
    }
    case 'mute': {
      const { meeting, participant } = context;
      participant.audioMuted = message.mute.audioMuted ?? false;
      participant.videoMuted = message.mute.videoMuted ?? false;
      reply({ ack: {} });
      meeting.tellOthers(participant, { participantUpdated: { participant: participant.toInfo() } });
      return;
    }
    case 'hostMute':
      return await hostMute(context, message.hostMute, reply);
    default:
      throw SignalingError.invalid('Message has no content that is known here');
  }
}

function toSubscriptions(
  context: RequestContext,
  batch: readonly SignalingRequest[],
): readonly SubscribeRequest[] {
  return batch.map((request) => ({
    userId: request.message.subscribeStream?.userId ?? 0,
    streamId: request.message.subscribeStream?.streamId ?? 0,
    deliveryNumber: request.message.subscribeStream?.delivery ?? 0,
    reply: replyTo(context, request),
    refuse: refusal(context, request),
  }));
}

function replyTo({ participant }: RequestContext, { sequence }: SignalingRequest): Reply {
  return (answer) => participant.connection.send(frameServerMessage({ ...answer, replyTo: sequence }));
}

function refusal(
  { meeting, participant, refusals }: RequestContext,
  { sequence, message }: SignalingRequest,
) {
  return (error: unknown): void => {
    // Who left took along what the request was about: its failure tells nothing, and nobody waits for it.
    if (!participant.present) return;
    const refused = SignalingError.of(error);
    refusals.count(refused.refusal);
    if (refused.cause !== undefined) {
      meeting.log.warn('Request failed', {
        request: message.payload,
        user_id: participant.userId,
        error: refused.cause,
      });
    }
    participant.connection.send(frameServerMessage(refused.toMessage(sequence)));
  };
}
