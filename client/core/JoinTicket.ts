// A participant's way into its meeting, kept good for as long as it stays (ledger GC-15): the latest answer to its join, with
// a token that is replaced before it expires. The token outlives no session: it is what the participant comes back with,
// reports an unreachable controller with, and removes others with when it is a host.
import { ApiError } from '../../shared/api/error.ts';
import type { JoinAnswerBody } from '../../shared/api/meeting.ts';
import { backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { ApiClient, JoinOptions } from './api/ApiClient.ts';
import { requestJoin } from './api/requestJoin.ts';
import type { Timers } from './timers.ts';

/** A token is replaced when this share of its life is over: what is left is for failed attempts. */
const REFRESH_AT = 2 / 3;
/** Pause before a failed attempt is repeated. */
const RETRY_BACKOFF = { firstMs: 2_000, maxMs: 30_000 };

export interface JoinTicketOptions {
  readonly api: ApiClient;
  readonly meetingId: string;
  /** As what to join, at first and whenever the token could not be kept. */
  readonly joining: JoinOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: () => number;
}

export class JoinTicket {
  readonly #options: JoinTicketOptions;
  #answer: JoinAnswerBody;
  #expiresAtMs = 0;
  #refreshing: Promise<JoinAnswerBody> | undefined;
  #cancel: (() => void) | undefined;
  #attempt = 0;
  /** The meeting is served by another controller than before, without anybody here having asked for it. */
  onMoved: ((answer: JoinAnswerBody) => void) | undefined;

  private constructor(options: JoinTicketOptions, answer: JoinAnswerBody) {
    this.#options = options;
    this.#answer = answer;
    this.#take(answer);
  }

  /** Rejects with ApiError or ConnectionError. */
  static async get(options: JoinTicketOptions): Promise<JoinTicket> {
    return new JoinTicket(options, await requestJoin(options.api, options.meetingId, options.joining));
  }

  get answer(): JoinAnswerBody {
    return this.#answer;
  }

  /** Replaces the token before it expires, from now until stop(). */
  keep(): void {
    this.#schedule(Math.max(0, this.#expiresAtMs - this.#options.clock.monotonicMs()) * REFRESH_AT);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * A new token for the same participant, and where the meeting is served now; a new participant where the old token is too
   * old for that. Calls at the same time share one request. Rejects with ApiError or ConnectionError.
   */
  refresh(): Promise<JoinAnswerBody> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<JoinAnswerBody> {
    const { api, meetingId, joining } = this.#options;
    try {
      this.#take(await api.refreshJoin(meetingId, this.#answer.join_token));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'UNAUTHORIZED') throw error;
      this.#take(await requestJoin(api, meetingId, joining));
    }
    return this.#answer;
  }

  #take(answer: JoinAnswerBody): void {
    this.#answer = answer;
    this.#expiresAtMs = this.#options.clock.monotonicMs() + answer.expires_in * 1_000;
  }

  #schedule(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#options.timers.after(delayMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { log, random } = this.#options;
    const before = this.#answer.meeting_controller_url;
    try {
      await this.refresh();
      this.#attempt = 0;
      if (this.#cancel === undefined) return;
      this.keep();
      if (this.#answer.meeting_controller_url !== before) this.onMoved?.(this.#answer);
    } catch (error) {
      log.warn('The join token could not be refreshed', { error });
      // Whoever may not have another one stays until the controller says otherwise.
      if (error instanceof ApiError && error.status < 500 && error.code !== 'RATE_LIMITED') this.stop();
      else if (this.#cancel !== undefined)
        this.#schedule(backoffDelayMs(this.#attempt++, RETRY_BACKOFF, random));
    }
  }
}
