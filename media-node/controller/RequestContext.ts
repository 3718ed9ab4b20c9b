import type { ServerMessageInit } from '../../shared/signaling/messages.ts';
import type { MediaPlane } from './MediaPlane.ts';
import type { Meeting } from './Meeting.ts';
import type { Participant } from './Participant.ts';
import type { Refusals } from './Refusals.ts';

/** Whose request is carried out, and with what. */
export interface RequestContext {
  readonly plane: MediaPlane;
  readonly meeting: Meeting;
  readonly participant: Participant;
  readonly refusals: Refusals;
}

/** Answers one request; its number is filled in. */
export type Reply = (answer: ServerMessageInit) => void;
