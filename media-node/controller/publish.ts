// Publishing and unpublishing (ledger MC-3). `reply` is called in the same turn as the roster changes.
import { ApiError } from '../../shared/api/error.ts';
import { type StreamInfo, signaling } from '../../shared/signaling/messages.ts';
import { MAX_STREAMS_PER_PARTICIPANT } from './limits.ts';
import { isGone } from './MediaPlane.ts';
import { PublishedStream } from './PublishedStream.ts';
import { producerRequest } from './producerRequest.ts';
import type { Reply, RequestContext } from './RequestContext.ts';
import { SignalingError } from './SignalingError.ts';
import { readStreamSettings } from './streamSettings.ts';
import { withMedia } from './withMedia.ts';

/** @throws SignalingError */
export async function publishStream(
  context: RequestContext,
  requested: StreamInfo | null | undefined,
  reply: Reply,
): Promise<void> {
  const { plane, meeting, participant } = context;
  const settings = readStreamSettings(requested);
  const { streams, userId } = participant;
  if (streams.size >= MAX_STREAMS_PER_PARTICIPANT) {
    throw new SignalingError(
      signaling.ErrorCode.CAPACITY_EXCEEDED,
      `A participant publishes at most ${MAX_STREAMS_PER_PARTICIPANT} streams at once`,
    );
  }
  const streamId = participant.takeStreamId();
  const info = { ...settings, userId, streamId };
  try {
    // Who leaves meanwhile takes the transport along, and the producer with it.
    await withMedia(
      context,
      ({ router, transport }) =>
        plane.createProducers(router, [producerRequest(transport.transport_id, streamId, settings)]),
      ([producerId]) => {
        if (producerId === undefined)
          throw new ApiError('INTERNAL_ERROR', 'Media plane answered no producer');
        streams.set(streamId, new PublishedStream(participant, info, producerId));
        reply({ streamPublished: { info } });
        meeting.tellOthers(participant, { streamPublished: { info } });
      },
    );
  } catch (error) {
    throw SignalingError.ofStream('publish the stream', error);
  }
}

/** @throws SignalingError NOT_FOUND */
export async function unpublishStream(
  { plane, meeting, participant }: RequestContext,
  streamId: number,
  reply: Reply,
): Promise<void> {
  const stream = participant.streams.get(streamId);
  if (stream === undefined)
    throw new SignalingError(signaling.ErrorCode.NOT_FOUND, `You publish no stream ${streamId}`);
  participant.streams.delete(streamId);
  stream.end();
  const notice = { streamUnpublished: { userId: participant.userId, streamId } };
  reply(notice);
  meeting.tellOthers(participant, notice);
  const { producerId } = stream;
  if (producerId === undefined) return;
  try {
    await plane.closeProducer(participant.media.router, producerId);
  } catch (error) {
    // Not tried again: the producer ends with its transport at the latest.
    if (!isGone(error)) meeting.log.warn('Producer not closed', { producer_id: producerId, error });
  }
}
