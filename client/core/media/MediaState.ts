/** States of a media connection (protocol document, "Media session control"). */
export type MediaState = 'idle' | 'connecting' | 'authenticating' | 'ready' | 'closing' | 'closed';

export type MediaEvent = 'connect' | 'opened' | 'authenticated' | 'close' | 'ended';

const TRANSITIONS: Readonly<Record<MediaState, Partial<Record<MediaEvent, MediaState>>>> = {
  idle: { connect: 'connecting', close: 'closing' },
  connecting: { opened: 'authenticating', close: 'closing', ended: 'closed' },
  authenticating: { authenticated: 'ready', close: 'closing', ended: 'closed' },
  ready: { close: 'closing', ended: 'closed' },
  closing: { ended: 'closed' },
  closed: {},
};

/** The state after `event`, or undefined when the event means nothing in this state. */
export function nextMediaState(state: MediaState, event: MediaEvent): MediaState | undefined {
  return TRANSITIONS[state][event];
}
