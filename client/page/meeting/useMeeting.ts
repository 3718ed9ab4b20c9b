// Renders again whenever the meeting changed.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MeetingClient, ParticipantView } from '../../media/MeetingClient.ts';
import type { Toasts } from '../app/Toasts.ts';
import { describeRosterChange } from '../text/rosterChange.ts';

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

/** Says who came and who went. Those who were there first are no news. */
export function useRosterToasts(participants: readonly ParticipantView[], toasts: Toasts): void {
  const before = useRef(participants);
  useEffect(() => {
    for (const sentence of describeRosterChange(before.current, participants)) toasts.show(sentence);
    before.current = participants;
  }, [participants, toasts]);
}
