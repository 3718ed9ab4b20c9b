// A host mutes somebody (ledger MC-10): at the media handler first, then everybody is told. It holds until it is lifted: a lost
// media server, a connection that breaks and a move of the meeting to another controller keep it.
import { type ClientMessage, frameServerMessage, signaling } from '../../shared/signaling/messages.ts';
import { type HostMutes, mutedKinds } from './MutedKinds.ts';
import type { Reply, RequestContext } from './RequestContext.ts';
import { SignalingError } from './SignalingError.ts';
import { withMedia } from './withMedia.ts';

/** Rejects with a SignalingError: FORBIDDEN for who is no host, NOT_FOUND for a user that is not there. */
export async function hostMute(
  context: RequestContext,
  { userId, audioMuted, videoMuted }: NonNullable<ClientMessage['hostMute']>,
  reply: Reply,
): Promise<void> {
  const { meeting, plane, participant: host } = context;
  if (!host.isHost) throw new SignalingError(signaling.ErrorCode.FORBIDDEN, 'Only a host may mute others');
  const muted = meeting.participantOf(userId ?? 0);
  if (muted === undefined)
    throw new SignalingError(signaling.ErrorCode.NOT_FOUND, `No participant with user id ${userId ?? 0}`);
  const mutes: HostMutes = {
    audio: audioMuted ?? false,
    video: videoMuted ?? false,
    ...((audioMuted || videoMuted) && { byUserId: host.userId }),
  };
  // Set before the call: a transport that is made meanwhile, because the media server was lost, has it already.
  const before = muted.hostMutes;
  muted.hostMutes = mutes;
  try {
    await withMedia(
      { ...context, participant: muted },
      ({ router, transport }) =>
        plane.muteTransport(router, transport.transport_id, mutedKinds(muted.hostMutes)),
      () => undefined,
    );
  } catch (error) {
    if (muted.hostMutes === mutes) muted.hostMutes = before;
    meeting.mutes.set(muted.participantId, muted.hostMutes);
    throw SignalingError.ofStream('mute the participant', error);
  }
  // Another host may have said something else meanwhile: that counts.
  meeting.mutes.set(muted.participantId, muted.hostMutes);
  meeting.log.info('Participant muted by a host', {
    user_id: muted.userId,
    by_user_id: host.userId,
    audio: mutes.audio,
    video: mutes.video,
  });
  if (host.present) reply({ ack: {} });
  const notice = { participantUpdated: { participant: muted.toInfo() } };
  if (!muted.present) return;
  muted.connection.send(frameServerMessage(notice));
  meeting.tellOthers(muted, notice);
}
