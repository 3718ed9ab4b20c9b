// Puts the page together in a document.
import { render } from 'preact';
import { ApiClient } from '../core/index.ts';
import type { JoinMeetingOptions, MeetingClient } from '../media/MeetingClient.ts';
import { App } from './App.tsx';
import { MeetingApp } from './app/MeetingApp.ts';
import { PageAddress } from './app/PageAddress.ts';

declare global {
  /** For a person with the browser's console, and for tests: the meeting that this page is in. */
  var darkTower: { readonly client: MeetingClient | undefined } | undefined;
}

export interface MountOptions {
  readonly root: Element;
  readonly isSupported: () => boolean;
  readonly joinMeeting: (options: JoinMeetingOptions) => Promise<MeetingClient>;
}

export function mountPage({ root, isSupported, joinMeeting }: MountOptions): void {
  const apiUrl = location.origin;
  const app = new MeetingApp({
    apiUrl,
    isSupported,
    joinMeeting,
    api: new ApiClient({ apiUrl }),
    address: new PageAddress(window),
  });
  globalThis.darkTower = {
    get client() {
      return app.client;
    },
  };
  root.replaceChildren();
  render(<App app={app} />, root);
}
