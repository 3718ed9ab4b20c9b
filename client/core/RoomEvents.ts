import type { ConnectionError } from './errors.ts';
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
