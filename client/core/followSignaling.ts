import type { Emitter } from './Emitter.ts';
import type { RoomEvents } from './RoomEvents.ts';
import type { Roster } from './Roster.ts';
import type { SignalingClient } from './signaling/SignalingClient.ts';

/** Keeps the roster in step with signaling's notices, and tells of them. */
export function followSignaling(
  signaling: SignalingClient,
  roster: Roster,
  events: Emitter<RoomEvents>,
): void {
  signaling.on('joined', (joined) => roster.seed(joined.self, joined.participants));
  signaling.on('participantJoined', (participant) => {
    roster.add(participant);
    events.emit('participantJoined', participant);
  });
  signaling.on('participantLeft', ({ userId, reason }) => {
    for (const stream of roster.participants.get(userId)?.streams ?? [])
      events.emit('streamUnpublished', stream);
    const participant = roster.remove(userId);
    if (participant !== undefined) events.emit('participantLeft', { participant, reason });
  });
  signaling.on('participantUpdated', (changed) => {
    const participant = roster.update(changed);
    if (participant !== undefined) events.emit('participantUpdated', participant);
  });
  signaling.on('streamPublished', (stream) => {
    if (roster.addStream(stream) !== undefined) events.emit('streamPublished', stream);
  });
  signaling.on('streamUnpublished', ({ userId, streamId }) => {
    const stream = roster.removeStream(userId, streamId);
    if (stream !== undefined) events.emit('streamUnpublished', stream);
  });
}
