// The REST API as a client sees it (ledger GC-14).
import * as z from 'zod';
import { ApiError, errorBodySchema } from '../../../shared/api/error.ts';
import {
  type JoinAnswerBody,
  joinAnswerSchema,
  type MeetingBody,
  meetingSchema,
} from '../../../shared/api/meeting.ts';
import { gcPaths } from '../../../shared/api/paths.ts';
import { ConnectionError } from '../errors.ts';

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
}

export interface CreateMeetingOptions {
  readonly meetingId?: string;
  readonly displayName?: string;
  readonly maxParticipants?: number;
}

/**
 * Methods reject with ApiError when the API answers with one, and with ConnectionError (`unreachable`, `timed_out`,
 * `protocol`) when there is no valid answer.
 */
export class ApiClient {
  readonly #apiUrl: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;

  constructor(options: ApiClientOptions) {
    this.#apiUrl = options.apiUrl;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  createMeeting(options: CreateMeetingOptions = {}): Promise<MeetingBody> {
    return this.#request('POST', gcPaths.meetings, meetingSchema, {
      meeting_id: options.meetingId,
      display_name: options.displayName,
      max_participants: options.maxParticipants,
    });
  }

  getMeeting(meetingId: string): Promise<MeetingBody> {
    return this.#request('GET', gcPaths.meeting(meetingId), meetingSchema);
  }

  joinMeeting(meetingId: string, displayName: string): Promise<JoinAnswerBody> {
    return this.#request('POST', gcPaths.joinMeeting(meetingId), joinAnswerSchema, {
      display_name: displayName,
    });
  }

  async #request<Schema extends z.ZodType>(
    method: 'GET' | 'POST',
    path: string,
    schema: Schema,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<z.output<Schema>> {
    const response = await this.#send(method, path, body);
    const json = await readJson(response);
    if (!response.ok) throw toApiError(response, json);
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw ConnectionError.protocol('the meeting service', z.prettifyError(parsed.error));
    return parsed.data;
  }

  async #send(method: string, path: string, body: object | undefined): Promise<Response> {
    try {
      return await this.#fetch(new URL(path, this.#apiUrl).href, {
        method,
        headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
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

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw ConnectionError.protocol(
      'the meeting service',
      `status ${response.status} without a JSON body (${String(error)})`,
    );
  }
}

function toApiError(response: Response, json: unknown): ApiError | ConnectionError {
  const parsed = errorBodySchema.safeParse(json);
  if (!parsed.success)
    return ConnectionError.protocol('the meeting service', `status ${response.status} without an error body`);
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const { code, message, details } = parsed.data.error;
  return new ApiError(code, message, {
    details,
    status: response.status,
    ...(Number.isFinite(retryAfterSeconds) && { retryAfterSeconds }),
  });
}
