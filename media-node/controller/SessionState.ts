// States of a signaling session (protocol document, "Signaling"), and the one function that moves between them.
import type { Meeting } from './Meeting.ts';
import type { ConnectionEnd, Participant } from './Participant.ts';

export type SessionState =
  /** Not opened yet, or over. */
  | { readonly name: 'disconnected' }
  /** Open; nobody has asked to join yet. */
  | { readonly name: 'connecting'; readonly sinceMs: number }
  /** A join is under way; `join` aborts it. */
  | { readonly name: 'authenticating'; readonly sinceMs: number; readonly join: AbortController }
  | {
      readonly name: 'connected';
      readonly sinceMs: number;
      readonly meeting: Meeting;
      readonly participant: Participant;
    }
  /** Last messages are on their way; nothing more is listened to. */
  | { readonly name: 'disconnecting'; readonly sinceMs: number; readonly end: ConnectionEnd };

export type SessionEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'joinRequested'; readonly join: AbortController }
  | { readonly type: 'admitted'; readonly meeting: Meeting; readonly participant: Participant }
  | { readonly type: 'ending'; readonly end: ConnectionEnd }
  | { readonly type: 'closed' };

/** The state after an event, or undefined where the event means nothing. `nowMs` is monotonic. */
export function nextSessionState(
  state: SessionState,
  event: SessionEvent,
  nowMs: number,
): SessionState | undefined {
  switch (event.type) {
    case 'opened':
      return state.name === 'disconnected' ? { name: 'connecting', sinceMs: nowMs } : undefined;
    case 'joinRequested':
      return state.name === 'connecting'
        ? { name: 'authenticating', sinceMs: nowMs, join: event.join }
        : undefined;
    case 'admitted': {
      const { meeting, participant } = event;
      return state.name === 'authenticating'
        ? { name: 'connected', sinceMs: nowMs, meeting, participant }
        : undefined;
    }
    case 'ending':
      return state.name === 'disconnected' || state.name === 'disconnecting'
        ? undefined
        : { name: 'disconnecting', sinceMs: nowMs, end: event.end };
    case 'closed':
      return state.name === 'disconnected' ? undefined : { name: 'disconnected' };
  }
}
