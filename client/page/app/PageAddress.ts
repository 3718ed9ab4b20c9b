// The page's own address: `/` is the lobby, `/m/<id>` a meeting.
import { meetingIdOf, meetingPath } from '../text/meetingLink.ts';

/** What an application that embeds the page, or links to it, says behind the `#`, which browsers send to no server. */
export interface Handover {
  readonly token: string | undefined;
  readonly role: 'host' | undefined;
}

export class PageAddress {
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  /** The meeting that the address names, or ''. */
  get meetingId(): string {
    return meetingIdOf(new URL(this.#window.location.href)) ?? '';
  }

  /** `#token=...&role=host`, taken out of the address at once: it is in no history, no bookmark and no copied link. */
  takeHandover(): Handover {
    const { hash, pathname, search } = this.#window.location;
    const said = new URLSearchParams(hash.slice(1));
    const token = said.get('token')?.trim() || undefined;
    const role = said.get('role') === 'host' ? 'host' : undefined;
    if (said.has('token') || said.has('role')) this.#window.history.replaceState(null, '', pathname + search);
    return { token, role };
  }

  /** What to send to others. */
  linkTo(meetingId: string): string {
    return new URL(meetingPath(meetingId), this.#window.location.href).href;
  }

  /** A new entry in the history, so that "back" leaves the meeting; none when the address is already the right one. */
  showMeeting(meetingId: string): void {
    this.#show(meetingPath(meetingId));
  }

  showLobby(): void {
    this.#show('/');
  }

  /** "Back", "forward", and a link with another `#` that is followed within the page. */
  onChange(listener: () => void): void {
    this.#window.addEventListener('popstate', listener);
  }

  #show(path: string): void {
    const { pathname, search } = this.#window.location;
    if (pathname + search !== path) this.#window.history.pushState(null, '', path);
  }
}
