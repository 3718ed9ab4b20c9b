/** States of a signaling connection (protocol document, "Signaling"). */
export type SignalingState = 'disconnected' | 'connecting' | 'authenticating' | 'connected' | 'disconnecting';

export type SignalingEvent = 'connect' | 'opened' | 'joined' | 'leave' | 'ended';

const TRANSITIONS: Readonly<Record<SignalingState, Partial<Record<SignalingEvent, SignalingState>>>> = {
  disconnected: { connect: 'connecting' },
  connecting: { opened: 'authenticating', leave: 'disconnecting', ended: 'disconnected' },
  authenticating: { joined: 'connected', leave: 'disconnecting', ended: 'disconnected' },
  connected: { leave: 'disconnecting', ended: 'disconnected' },
  disconnecting: { ended: 'disconnected' },
};

/** The state after `event`, or undefined when the event means nothing in this state. */
export function nextSignalingState(state: SignalingState, event: SignalingEvent): SignalingState | undefined {
  return TRANSITIONS[state][event];
}
