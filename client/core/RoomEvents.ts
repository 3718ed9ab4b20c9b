import type { ConnectionError } from './errors.ts';
import type { ParticipantQuality } from './signaling/participantQuality.ts';
import type { LeaveReason, Participant, PublishedStream } from './signaling/types.ts';

/** How the meeting ended here: without an error after leave(). */
export interface RoomEnd {
  readonly source: 'local' | 'signaling' | 'media';
  readonly error?: ConnectionError;
}

export interface RoomEvents {
  participantJoined: Participant;
  participantLeft: { readonly participant: Participant; readonly reason: LeaveReason };
  /** Of the others and of this participant. */
  participantUpdated: Participant;
  /** The meeting has another name. */
  meetingUpdated: undefined;
  /** The path to a participant takes less than it wishes for, or all of it again; of the others and of this one. */
  participantQuality: ParticipantQuality;
  streamPublished: PublishedStream;
  /** Also for each stream of a participant who left, before participantLeft. */
  streamUnpublished: PublishedStream;
  /** The media server was lost: nothing is sent or received until mediaReconnected. */
  mediaReconnecting: undefined;
  /** Streams and subscriptions go on at another media server. */
  mediaReconnected: undefined;
  /** Emitted once, after which nothing follows. */
  ended: RoomEnd;
}
