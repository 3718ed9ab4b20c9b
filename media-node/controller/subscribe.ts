// Subscribing and unsubscribing (ledger MC-3). Subscriptions of a stream that ends, end by themselves: who unsubscribes
// from it a moment later is not told off.
import { ApiError } from '../../shared/api/error.ts';
import { DELIVERIES, type Delivery, deliveryOf } from '../../shared/media-session/delivery.ts';
import { signaling } from '../../shared/signaling/messages.ts';
import { consumerRequest } from './consumerRequest.ts';
import { isGone } from './MediaPlane.ts';
import type { Participant } from './Participant.ts';
import type { PublishedStream } from './PublishedStream.ts';
import type { Reply, RequestContext } from './RequestContext.ts';
import { SignalingError } from './SignalingError.ts';
import { withMedia } from './withMedia.ts';

const { ErrorCode } = signaling;

export interface StreamName {
  readonly userId: number;
  readonly streamId: number;
}

export interface SubscribeRequest extends StreamName {
  /** As in the message: it may be one that is not known here. */
  readonly deliveryNumber: number;
  readonly reply: Reply;
  readonly refuse: (error: unknown) => void;
}

/** Who asks for one stream, all in the same delivery. */
interface Wanted {
  readonly delivery: Delivery;
  readonly asking: SubscribeRequest[];
}

/** Carries out subscriptions that came in one go with one call to the media handler. Each is answered on its own. */
export async function subscribeStreams(
  context: RequestContext,
  requests: readonly SubscribeRequest[],
): Promise<void> {
  const { subscriptions } = context.participant;
  const wanted = new Map<PublishedStream, Wanted>();
  for (const request of requests) {
    try {
      const stream = findStream(context, request);
      const delivery = requireDelivery(request);
      const before = subscriptions.get(stream) ?? wanted.get(stream)?.delivery ?? delivery;
      if (before !== delivery) throw otherDelivery(before);
      if (subscriptions.has(stream)) request.reply({ subscribed: { info: stream.info } });
      else wanted.set(stream, { delivery, asking: [...(wanted.get(stream)?.asking ?? []), request] });
    } catch (error) {
      request.refuse(error);
    }
  }
  if (wanted.size === 0) return;
  try {
    await consume(context, wanted);
  } catch (error) {
    // A batch is all or nothing: one stream that ended meanwhile must not cost the others.
    if (wanted.size === 1) refuseAll(wanted, error);
    else for (const [stream, one] of wanted) await consumeOne(context, stream, one);
  }
}

export async function unsubscribeStream(
  { plane, meeting, participant }: RequestContext,
  { userId, streamId }: StreamName,
  reply: Reply,
): Promise<void> {
  const stream = meeting.streamOf(userId, streamId);
  const consumerId = stream?.subscribers.get(participant);
  stream?.subscribers.delete(participant);
  if (stream !== undefined) participant.subscriptions.delete(stream);
  reply({ unsubscribed: { userId, streamId } });
  if (consumerId === undefined) return;
  try {
    await plane.closeConsumer(participant.media.router, consumerId);
  } catch (error) {
    // Not tried again: the consumer ends with its transport at the latest.
    if (!isGone(error)) meeting.log.warn('Consumer not closed', { consumer_id: consumerId, error });
  }
}

function findStream(
  { meeting, participant }: RequestContext,
  { userId, streamId }: StreamName,
): PublishedStream {
  const stream = meeting.streamOf(userId, streamId);
  if (stream === undefined)
    throw new SignalingError(ErrorCode.NOT_FOUND, `User ${userId} publishes no stream ${streamId}`);
  if (stream.publisher === participant)
    throw SignalingError.invalid('A participant does not subscribe to its own stream');
  if (stream.publisher.media.router !== participant.media.router) {
    throw new SignalingError(
      ErrorCode.STREAM_ERROR,
      'Could not subscribe to the stream: it is on another media server',
    );
  }
  return stream;
}

function requireDelivery({ deliveryNumber }: SubscribeRequest): Delivery {
  const delivery = deliveryOf(deliveryNumber);
  if (delivery === undefined)
    throw SignalingError.invalid(`Delivery must be 0 to ${DELIVERIES.length - 1}: got ${deliveryNumber}`);
  return delivery;
}

function otherDelivery(before: Delivery): SignalingError {
  return new SignalingError(
    ErrorCode.CONFLICT,
    `The stream is subscribed in delivery "${before}": unsubscribe from it first`,
  );
}

async function consumeOne(context: RequestContext, stream: PublishedStream, one: Wanted): Promise<void> {
  const wanted = new Map([[stream, one]]);
  try {
    if (!stream.ended) await consume(context, wanted);
    else refuseAll(wanted, streamEnded());
  } catch (error) {
    refuseAll(wanted, error);
  }
}

async function consume(context: RequestContext, wanted: ReadonlyMap<PublishedStream, Wanted>): Promise<void> {
  const { plane, participant } = context;
  // Who leaves meanwhile takes the transport along, and the consumers with it; likewise a stream that ends.
  await withMedia(
    context,
    ({ router, transport }) =>
      plane.createConsumers(
        router,
        [...wanted].map(([stream, { delivery }]) =>
          consumerRequest(transport.transport_id, requireProducer(stream), delivery),
        ),
      ),
    (consumerIds) => subscribed(participant, wanted, consumerIds),
  );
}

function subscribed(
  participant: Participant,
  wanted: ReadonlyMap<PublishedStream, Wanted>,
  consumerIds: readonly string[],
): void {
  for (const [index, [stream, { delivery, asking }]] of [...wanted].entries()) {
    const consumerId = consumerIds[index];
    if (consumerId === undefined)
      throw new ApiError('INTERNAL_ERROR', 'Media plane answered too few consumers');
    if (stream.ended) {
      for (const { refuse } of asking) refuse(streamEnded());
      continue;
    }
    stream.subscribers.set(participant, consumerId);
    participant.subscriptions.set(stream, delivery);
    for (const { reply } of asking) reply({ subscribed: { info: stream.info } });
  }
}

function requireProducer({ producerId }: PublishedStream): string {
  if (producerId === undefined) throw new ApiError('NOT_FOUND', 'The stream has no producer');
  return producerId;
}

function refuseAll(wanted: ReadonlyMap<PublishedStream, Wanted>, error: unknown): void {
  for (const [stream, { asking }] of wanted) {
    const refusal = stream.ended ? streamEnded() : asRefusal(error);
    for (const { refuse } of asking) refuse(refusal);
  }
}

function asRefusal(error: unknown): unknown {
  return error instanceof ApiError ? SignalingError.ofStream('subscribe to the stream', error) : error;
}

function streamEnded(): SignalingError {
  return new SignalingError(ErrorCode.NOT_FOUND, 'The stream has ended');
}
