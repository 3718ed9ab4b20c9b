// Puts the page together in a document.
import { render } from 'preact';
import { ApiClient } from '../core/index.ts';
import type { JoinMeetingOptions, MeetingClient } from '../media/MeetingClient.ts';
import { App } from './App.tsx';
import { Hosted } from './app/Hosted.ts';
import { MeetingApp } from './app/MeetingApp.ts';
import { PageAddress } from './app/PageAddress.ts';
import { pageStorage } from './app/Preferences.ts';
import { UserSession } from './app/UserSession.ts';

declare global {
  /** For a person with the browser's console, and for tests: the meeting that this page is in. */
  var darkTower: { readonly client: MeetingClient | undefined } | undefined;
}

export interface MountOptions {
  readonly root: Element;
  readonly missingFeatures: () => readonly string[];
  readonly joinMeeting: (options: JoinMeetingOptions) => Promise<MeetingClient>;
}

export function mountPage({ root, missingFeatures, joinMeeting }: MountOptions): void {
  const apiUrl = location.origin;
  const address = new PageAddress(window);
  const user = new UserSession();
  const app = new MeetingApp({
    apiUrl,
    missingFeatures,
    joinMeeting,
    api: new ApiClient({ apiUrl, userToken: user.userToken }),
    address,
    user,
    hosted: new Hosted(pageStorage()),
  });
  globalThis.darkTower = {
    get client() {
      return app.client;
    },
  };
  root.replaceChildren();
  render(<App app={app} />, root);
}
