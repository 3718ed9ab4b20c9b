// The REST API as a client sees it (ledger GC-14).
import * as z from 'zod';
import { type UnreachableAnswer, unreachableAnswerSchema } from '../../../shared/api/controllerNotice.ts';
import { ApiError } from '../../../shared/api/error.ts';
import {
  type GuestChallengeBody,
  guestChallengeSchema,
  type HumanAnswer,
} from '../../../shared/api/guest.ts';
import {
  type JoinAnswerBody,
  type JoinRole,
  joinAnswerSchema,
  type MeetingBody,
  meetingSchema,
} from '../../../shared/api/meeting.ts';
import { participantRemovalSchema } from '../../../shared/api/participant.ts';
import { gcPaths } from '../../../shared/api/paths.ts';
import { ConnectionError } from '../errors.ts';
import { toApiError } from './toApiError.ts';

// Zod compiles validators with Function() where it may; a page under a strict Content-Security-Policy must not try.
z.config({ jitless: true });

const DEFAULT_TIMEOUT_MS = 15_000;

/** What the client needs of the Fetch API. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ApiClientOptions {
  /** Base address, such as `https://meet.example.org`. */
  readonly apiUrl: string;
  readonly fetch?: Fetch;
  /** Time for a whole request, ms. */
  readonly timeoutMs?: number;
  /** Token of a user, where the API asks for one. */
  readonly userToken?: UserToken;
  /** W3C trace context that its requests are part of. */
  readonly traceparent?: string;
}

/**
 * A token, or a way to the token of the moment: asked for each request, and once more, with `refused`, after one that the
 * API has refused (401).
 */
export type UserToken =
  | string
  | ((asked: { readonly refused: string | undefined }) => string | undefined | Promise<string | undefined>);

export interface JoinOptions {
  readonly displayName: string;
  /** `host` for whoever made the meeting, or may by scope; refused with FORBIDDEN to others. */
  readonly role?: JoinRole;
  /** A guest's challenge, solved. */
  readonly humanCheck?: HumanAnswer;
}

export interface CreateMeetingOptions {
  readonly meetingId?: string;
  readonly displayName?: string;
  readonly maxParticipants?: number;
  readonly allowGuests?: boolean;
}

/**
 * Methods reject with ApiError when the API answers with one, and with ConnectionError (`unreachable`, `timed_out`,
 * `protocol`) when there is no valid answer.
 */
export class ApiClient {
  readonly #apiUrl: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #userToken: UserToken | undefined;
  readonly #traceparent: string | undefined;

  constructor(options: ApiClientOptions) {
    this.#apiUrl = options.apiUrl;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#userToken = options.userToken;
    this.#traceparent = options.traceparent;
  }

  createMeeting(options: CreateMeetingOptions = {}): Promise<MeetingBody> {
    return this.#asUser({
      method: 'POST',
      path: gcPaths.meetings,
      schema: meetingSchema,
      body: {
        meeting_id: options.meetingId,
        display_name: options.displayName,
        max_participants: options.maxParticipants,
        allow_guests: options.allowGuests,
      },
    });
  }

  getMeeting(meetingId: string): Promise<MeetingBody> {
    return this.#asUser({ method: 'GET', path: gcPaths.meeting(meetingId), schema: meetingSchema });
  }

  joinMeeting(meetingId: string, { displayName, role, humanCheck }: JoinOptions): Promise<JoinAnswerBody> {
    return this.#asUser({
      method: 'POST',
      path: gcPaths.joinMeeting(meetingId),
      schema: joinAnswerSchema,
      body: { display_name: displayName, role, human_check: humanCheck },
    });
  }

  /** What a guest has to solve. */
  getGuestChallenge(meetingId: string): Promise<GuestChallengeBody> {
    return this.#request({
      method: 'POST',
      path: gcPaths.guestChallenges(meetingId),
      schema: guestChallengeSchema,
    });
  }

  /** A new join token for the participant of this one, and where the meeting is served now. */
  refreshJoin(meetingId: string, joinToken: string): Promise<JoinAnswerBody> {
    return this.#request({
      method: 'POST',
      path: gcPaths.refreshJoin(meetingId),
      schema: joinAnswerSchema,
      body: { join_token: joinToken },
    });
  }

  /** By a participant: the meeting's controller cannot be reached (ledger GC-17). */
  reportUnreachable(meetingId: string, joinToken: string): Promise<UnreachableAnswer> {
    return this.#request({
      method: 'POST',
      path: gcPaths.unreachable(meetingId),
      schema: unreachableAnswerSchema,
      token: joinToken,
    });
  }

  /** By a host, with its join token. */
  removeParticipant(meetingId: string, participantId: string, joinToken: string): Promise<unknown> {
    return this.#request({
      method: 'DELETE',
      path: gcPaths.participant(meetingId, participantId),
      schema: participantRemovalSchema,
      token: joinToken,
    });
  }

  /** With the user's token, where there is one: a new one after a refusal, once. */
  async #asUser<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<z.output<Schema>> {
    const token = await this.#tokenOfUser();
    try {
      return await this.#request({ ...request, token });
    } catch (error) {
      if (token === undefined || !(error instanceof ApiError) || error.status !== 401) throw error;
      const next = await this.#tokenOfUser(token);
      if (next === undefined || next === token) throw error;
      return await this.#request({ ...request, token: next });
    }
  }

  async #tokenOfUser(refused?: string): Promise<string | undefined> {
    return typeof this.#userToken === 'function' ? await this.#userToken({ refused }) : this.#userToken;
  }

  async #request<Schema extends z.ZodType>(request: ApiRequest<Schema>): Promise<z.output<Schema>> {
    const response = await this.#send(request);
    const json = await readJson(response);
    if (!response.ok) throw toApiError(response, json);
    const parsed = request.schema.safeParse(json);
    if (!parsed.success) throw ConnectionError.protocol('the meeting service', z.prettifyError(parsed.error));
    return parsed.data;
  }

  async #send({ method, path, body, token }: ApiRequest): Promise<Response> {
    try {
      return await this.#fetch(new URL(path, this.#apiUrl).href, {
        method,
        headers: {
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
          ...(this.#traceparent !== undefined && { traceparent: this.#traceparent }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError')
        throw ConnectionError.timedOut('the meeting service', this.#timeoutMs);
      throw ConnectionError.unreachable('the meeting service', error);
    }
  }
}

interface ApiRequest<Schema extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly schema: Schema;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
}

/** Undefined for a failure whose body is no JSON: its status says what there is to say. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (!response.ok) return undefined;
    throw ConnectionError.protocol(
      'the meeting service',
      `status ${response.status} without a JSON body (${String(error)})`,
    );
  }
}
