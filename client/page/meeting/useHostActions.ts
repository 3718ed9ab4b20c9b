import { useMemo } from 'preact/hooks';
import { HostActionError, type MeetingClient } from '../../media/MeetingClient.ts';
import type { Toasts } from '../app/Toasts.ts';

/** What a host does to others. What goes wrong is said in a toast. */
export interface HostActions {
  readonly mute: (userId: number, kind: 'audio' | 'video', muted: boolean) => void;
  readonly remove: (userId: number) => void;
}

/** Undefined for who is no host. */
export function useHostActions(client: MeetingClient, toasts: Toasts): HostActions | undefined {
  const isHost = client.participants[0]?.isHost === true;
  return useMemo(() => {
    if (!isHost) return undefined;
    const saying = (work: Promise<void>): void => {
      work.catch((error: unknown) => {
        console.warn('What the host asked for was not done', error);
        toasts.show(
          error instanceof HostActionError ? error.message : 'That did not work. Try again.',
          'problem',
        );
      });
    };
    return {
      mute: (userId, kind, muted) => saying(client.hostMute(userId, kind, muted)),
      remove: (userId) => saying(client.removeParticipant(userId)),
    };
  }, [client, toasts, isHost]);
}
