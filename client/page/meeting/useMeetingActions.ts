// What the buttons and the keys of a meeting do.
import { useMemo } from 'preact/hooks';
import { type MeetingClient, ScreenShareError } from '../../media/MeetingClient.ts';
import type { MeetingApp } from '../app/MeetingApp.ts';
import { mutedByHostText } from '../text/mutedByHost.ts';
import { copyText } from './copyText.ts';

export interface MeetingActions {
  readonly toggleMicrophone: () => void;
  readonly toggleCamera: () => void;
  readonly toggleScreenShare: () => void;
  readonly toggleStatistics: () => void;
  readonly copyLink: () => void;
  readonly leave: () => void;
}

const SHARE_FAILED = 'Your screen could not be shared. Press the button again.';

export interface MeetingActionsOptions {
  readonly app: MeetingApp;
  readonly client: MeetingClient;
  readonly link: string;
  readonly toggleStatistics: () => void;
}

export function useMeetingActions(options: MeetingActionsOptions): MeetingActions {
  const { app, client, link, toggleStatistics } = options;
  return useMemo(() => {
    let choosing = false;
    const trying = (work: Promise<void>, problem: string): void => {
      work.catch((error: unknown) => {
        console.warn(problem, error);
        app.toasts.show(problem, 'problem');
      });
    };
    /** Says so: the notice of it may stand where nobody looks. */
    const isMuted = (by: 'audioMutedByHost' | 'videoMutedByHost'): boolean => {
      const self = client.participants[0];
      const text = self?.[by] === true ? mutedByHostText(self) : undefined;
      if (text !== undefined) app.toasts.show(text, 'problem');
      return text !== undefined;
    };
    return {
      toggleMicrophone: () => {
        if (!client.microphoneOn && isMuted('audioMutedByHost')) return;
        trying(
          client.setMicrophone(!client.microphoneOn),
          'The microphone could not be switched: check that it is plugged in and allowed',
        );
      },
      toggleCamera: () => {
        if (!client.cameraOn && isMuted('videoMutedByHost')) return;
        trying(
          client.setCamera(!client.cameraOn),
          'The camera could not be switched: check that it is plugged in and allowed',
        );
      },
      toggleScreenShare: () => {
        if (client.screenShareOn) {
          trying(client.stopScreenShare(), 'Sharing could not be stopped: use the button of your browser');
          return;
        }
        // The browser asks already.
        if (choosing || isMuted('videoMutedByHost')) return;
        choosing = true;
        client
          .startScreenShare()
          .catch((error: unknown) => {
            if (error instanceof ScreenShareError && error.code === 'cancelled') return;
            console.warn('The screen could not be shared', error);
            app.toasts.show(error instanceof ScreenShareError ? error.message : SHARE_FAILED, 'problem');
          })
          .finally(() => {
            choosing = false;
          });
      },
      toggleStatistics,
      copyLink: () => {
        void copyText(link).then((copied) => {
          if (copied) app.toasts.show('Meeting link copied');
          else app.toasts.show(`Your browser does not allow copying. The link: ${link}`, 'problem');
        });
      },
      leave: () => app.leave(),
    };
  }, [app, client, link, toggleStatistics]);
}
