// Which screen is shown, and the way from one to the next: lobby -> meeting -> ended -> lobby or meeting.
import type { ApiClient } from '../../core/index.ts';
import {
  type HostMuteNotice,
  JoinError,
  type JoinMeetingOptions,
  type MeetingClient,
  type MeetingEnd,
} from '../../media/MeetingClient.ts';
import type { AppState, JoinSettings } from './AppState.ts';
import type { Hosted } from './Hosted.ts';
import { toJoinProblem } from './joinProblem.ts';
import type { Handover, PageAddress } from './PageAddress.ts';
import { Store } from './Store.ts';
import { Toasts } from './Toasts.ts';
import type { UserSession } from './UserSession.ts';

export interface MeetingAppOptions {
  /** Base address of the REST API. */
  readonly apiUrl: string;
  /** What this browser lacks to hold meetings at all. */
  readonly missingFeatures: () => readonly string[];
  readonly joinMeeting: (options: JoinMeetingOptions) => Promise<MeetingClient>;
  readonly api: ApiClient;
  readonly address: PageAddress;
  readonly user: UserSession;
  readonly hosted: Hosted;
}

const LIFTED = {
  audio: 'You may speak again: turn your microphone on',
  video: 'You may show yourself again: turn your camera on',
} as const;
const LEFT: MeetingEnd = { code: 'left', message: 'You left the meeting' };

export class MeetingApp {
  readonly store: Store<AppState>;
  readonly toasts = new Toasts();
  readonly missingFeatures: () => readonly string[];
  readonly api: ApiClient;
  readonly user: UserSession;
  readonly #hosted: Hosted;
  readonly #apiUrl: string;
  readonly #join: MeetingAppOptions['joinMeeting'];
  readonly #address: PageAddress;
  #settings: JoinSettings | undefined;
  /** Grows with each change of screen: what an older attempt brings back is not wanted any more. */
  #attempt = 0;

  constructor({ apiUrl, missingFeatures, joinMeeting, api, address, user, hosted }: MeetingAppOptions) {
    this.missingFeatures = missingFeatures;
    this.#apiUrl = apiUrl;
    this.#join = joinMeeting;
    this.api = api;
    this.#address = address;
    this.user = user;
    this.#hosted = hosted;
    this.store = new Store<AppState>({
      screen: { kind: 'lobby', meetingId: address.meetingId },
      joining: false,
      problem: undefined,
    });
    this.#takeHandover(address.takeHandover());
    address.onChange(() => this.#followAddress());
  }

  /** The meeting that this page is in. */
  get client(): MeetingClient | undefined {
    const { screen } = this.store.state;
    return screen.kind === 'meeting' ? screen.client : undefined;
  }

  /** Makes a meeting and enters it. Never rejects: what goes wrong becomes `problem`. */
  startMeeting(settings: JoinSettings): Promise<void> {
    return this.#enter(settings, async () => {
      const { allowGuests } = settings;
      const made = await this.api.createMeeting(allowGuests === undefined ? {} : { allowGuests });
      this.#hosted.add(made.meeting_id);
      return made.meeting_id;
    });
  }

  /** Never rejects: what goes wrong becomes `problem`. */
  joinMeeting(meetingId: string, settings: JoinSettings): Promise<void> {
    return this.#enter(settings, async () => meetingId);
  }

  /** From the ended screen into the same meeting again, or into a new one without an id. */
  async again(meetingId?: string): Promise<void> {
    if (this.#settings === undefined) return this.goToLobby(meetingId);
    if (meetingId === undefined) await this.startMeeting(this.#settings);
    else await this.joinMeeting(meetingId, this.#settings);
  }

  /** Shows the end at once; what leaving still has to send goes on behind it. */
  leave(): void {
    const { client } = this;
    if (client === undefined) return;
    this.#keepDevices(client);
    this.#showEnd(client, LEFT);
    client.leave().catch((error: unknown) => console.warn('Leaving did not end cleanly', error));
  }

  goToLobby(meetingId = ''): void {
    if (meetingId === '') this.#address.showLobby();
    else this.#address.showMeeting(meetingId);
    this.#showLobby(meetingId);
  }

  clearProblem(): void {
    this.store.update((state) => ({ ...state, problem: undefined }));
  }

  async #enter(settings: JoinSettings, findMeeting: () => Promise<string>): Promise<void> {
    if (this.store.state.joining) return;
    const attempt = ++this.#attempt;
    this.#settings = settings;
    this.store.update((state) => ({ ...state, joining: true, problem: undefined }));
    try {
      const meetingId = await findMeeting();
      if (attempt !== this.#attempt) return;
      const client = await this.#joinAsWhoOneIs(meetingId, settings);
      if (attempt === this.#attempt) this.#showMeeting(client);
      else await client.leave();
    } catch (error) {
      if (attempt !== this.#attempt) return;
      console.warn('Joining failed', error);
      this.store.update((state) => ({ ...state, joining: false, problem: toJoinProblem(error) }));
    }
  }

  /** As its host into a meeting that was made in this browser; whoever turns out to be none joins as anybody else. */
  async #joinAsWhoOneIs(meetingId: string, settings: JoinSettings): Promise<MeetingClient> {
    const { displayName, microphone, camera } = settings;
    const { userToken } = this.user;
    const options = { apiUrl: this.#apiUrl, meetingId, displayName, microphone, camera, userToken };
    if (!this.#hosted.has(meetingId)) return await this.#join(options);
    try {
      return await this.#join({ ...options, role: 'host' });
    } catch (error) {
      if (!(error instanceof JoinError) || error.code !== 'unauthorized') throw error;
      console.warn('Joining without being a host', error);
      const client = await this.#join(options);
      this.#hosted.remove(meetingId);
      return client;
    }
  }

  #showMeeting(client: MeetingClient): void {
    const { meetingId } = client;
    client.on('ended', (end) => {
      if (this.client !== client) return;
      this.#keepDevices(client);
      this.#showEnd(client, end);
    });
    client.on('deviceProblem', ({ message }) => this.toasts.show(message, 'problem'));
    client.on('hostMute', (notice) => this.#obeyHost(client, notice));
    client.on('notice', ({ message }) => this.toasts.show(message, 'problem'));
    this.#address.showMeeting(meetingId);
    this.toasts.clear();
    this.store.set({
      screen: { kind: 'meeting', client, link: this.#address.linkTo(meetingId) },
      joining: false,
      problem: undefined,
    });
  }

  /** Nobody hears a muted device: it goes off, so that nobody talks to themselves. Only its person turns it on again. */
  #obeyHost(client: MeetingClient, { kind, muted }: HostMuteNotice): void {
    const isSpeech = kind === 'audio';
    if (!muted) {
      this.toasts.show(isSpeech ? LIFTED.audio : LIFTED.video);
      return;
    }
    const off = isSpeech
      ? client.setMicrophone(false)
      : Promise.all([client.setCamera(false), client.stopScreenShare()]);
    off.catch((error: unknown) => console.warn('A muted device could not be turned off', error));
  }

  #showEnd(client: MeetingClient, end: MeetingEnd): void {
    this.#attempt++;
    const { meetingId, meetingName } = client;
    this.toasts.clear();
    this.store.set({
      screen: { kind: 'ended', end, meetingId, meetingName },
      joining: false,
      problem: undefined,
    });
  }

  #showLobby(meetingId: string): void {
    this.#attempt++;
    this.toasts.clear();
    this.store.set({ screen: { kind: 'lobby', meetingId }, joining: false, problem: undefined });
  }

  /** Only on the way to the lobby, which says who one is then: nobody changes into somebody else within a meeting. */
  #takeHandover({ token, role }: Handover): void {
    const { meetingId } = this.#address;
    if (token !== undefined) this.user.signIn(token);
    if (role === 'host' && meetingId !== '') this.#hosted.add(meetingId);
  }

  /** Another address: out of a meeting that it no longer names, into the lobby of the one that it names. */
  #followAddress(): void {
    const { client } = this;
    const { meetingId } = this.#address;
    const handover = this.#address.takeHandover();
    if (client?.meetingId === meetingId) return;
    if (client !== undefined) this.leave();
    this.#takeHandover(handover);
    this.#showLobby(meetingId);
  }

  /** Whoever comes back finds microphone and camera as they were. */
  #keepDevices(client: MeetingClient): void {
    if (this.#settings === undefined) return;
    this.#settings = { ...this.#settings, microphone: client.microphoneOn, camera: client.cameraOn };
  }
}
