// Renders again whenever the meeting changed.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MeetingClient } from '../../media/MeetingClient.ts';
import type { Toasts } from '../app/Toasts.ts';
import { describeRosterChange, missingFrom } from '../text/rosterChange.ts';
import { describeNewShares } from '../text/screenShare.ts';

/** Subscribes the component to the client; its getters then hold what to show. */
export function useMeeting(client: MeetingClient): MeetingClient {
  const [, setVersion] = useState(0);
  useEffect(() => {
    const read = (): void => setVersion((version) => version + 1);
    // Whatever happened between the render and this effect.
    read();
    return client.on('changed', read);
  }, [client]);
  return client;
}

/** After a break everybody comes back one by one, within this, ms: until then nobody is missed. */
const SETTLING_MS = 15_000;

/** Says who came and who went. Those who were there first are no news, nor are those who come back after a break. */
export function useRosterToasts({ participants, state }: MeetingClient, toasts: Toasts): void {
  const known = useRef(participants);
  const [settled, setSettled] = useState(true);
  useEffect(() => {
    if (state !== 'connected') {
      setSettled(false);
      return undefined;
    }
    const timer = setTimeout(() => setSettled(true), SETTLING_MS);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    const after = settled ? participants : [...known.current, ...missingFrom(known.current, participants)];
    for (const sentence of describeRosterChange(known.current, after)) toasts.show(sentence);
    known.current = after;
  }, [participants, settled, toasts]);
}

/** Says who begins to share a screen, also what was shared when one came. */
export function useShareToasts({ participants }: MeetingClient, toasts: Toasts): void {
  const known = useRef<typeof participants>([]);
  useEffect(() => {
    for (const sentence of describeNewShares(known.current, participants)) toasts.show(sentence);
    known.current = participants;
  }, [participants, toasts]);
}
