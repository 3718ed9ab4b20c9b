// Client of the global controller's node API: protobuf over HTTP(S), with the service token where there is no IAM.
import type * as z from 'zod';
import {
  type EndedMeetingNotice,
  type HostMuteAnswer,
  type HostMuteNotice,
  hostMuteAnswerSchema,
  type MeetingPresence,
  type MhReplacement,
  mhReplacementSchema,
  presenceAnswerSchema,
  type RequestMhReplacement,
} from '../../shared/api/controllerNotice.ts';
import { type ApiErrorCode, errorBodySchema } from '../../shared/api/error.ts';
import {
  type EndMeetingAnswer,
  endMeetingAnswerSchema,
  type Heartbeat,
  type MediaHandlerLoadReport,
  type NodeAnswer,
  nodeAnswerSchema,
  type RegisterMediaHandler,
  type RegisterMeetingController,
} from '../../shared/api/node.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { Secret } from '../../shared/base/secret.ts';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type NodeMessageName,
} from '../../shared/control-plane/messages.ts';
import { PROTOBUF } from './mediaTypes.ts';

/** A request without an answer after this fails; the node's loops then try again. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Keys and a token: a few kB. */
const MAX_ANSWER_BYTES = 65_536;

/** The global controller refused or could not be asked. */
export class GlobalControllerError extends Error {
  override readonly name = 'GlobalControllerError';
  /** HTTP status, absent when there was no answer. */
  readonly status: number | undefined;
  /** Of its error body, where it sent one. */
  readonly code: ApiErrorCode | undefined;

  constructor(
    message: string,
    status?: number,
    { code, ...options }: ErrorOptions & { readonly code?: ApiErrorCode | undefined } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

export interface GlobalControllerOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: Secret;
  readonly timeoutMs?: number;
}

export class GlobalController {
  readonly #options: GlobalControllerOptions;
  readonly #closing = new AbortController();

  constructor(options: GlobalControllerOptions) {
    this.#options = options;
  }

  /** Fails what is under way and everything later. Idempotent. */
  close(): void {
    this.#closing.abort(new Error('the node stops'));
  }

  registerMediaHandler(registration: RegisterMediaHandler): Promise<NodeAnswer> {
    return this.#report(gcPaths.mediaHandlers, 'RegisterMediaHandler', registration);
  }

  registerMeetingController(registration: RegisterMeetingController): Promise<NodeAnswer> {
    return this.#report(gcPaths.meetingControllers, 'RegisterMeetingController', registration);
  }

  reportLoad(report: MediaHandlerLoadReport): Promise<NodeAnswer> {
    return this.#report(gcPaths.loadReports(report.handler_id), 'MediaHandlerLoadReport', report);
  }

  heartbeat(heartbeat: Heartbeat): Promise<NodeAnswer> {
    return this.#report(gcPaths.heartbeats(heartbeat.controller_id), 'Heartbeat', heartbeat);
  }

  /** Tells how many are in the controller's meetings (ledger GC-13, GC-17), and hears which are not its own any more. */
  reportPresence(presence: MeetingPresence): Promise<z.infer<typeof presenceAnswerSchema>> {
    return this.#ask(
      gcPaths.presence(presence.controller_id),
      { request: 'MeetingPresence', answer: 'PresenceAnswer' },
      presence,
      presenceAnswerSchema,
    );
  }

  /** Other media handlers for a meeting whose handlers have failed (ledger GC-11). */
  replaceHandlers(request: RequestMhReplacement): Promise<MhReplacement> {
    return this.#ask(
      gcPaths.handlerReplacements(request.controller_id),
      { request: 'RequestMhReplacement', answer: 'MhReplacement' },
      request,
      mhReplacementSchema,
    );
  }

  /** What a host has muted, for whoever serves the meeting next (ledger MC-8). */
  reportHostMute(notice: HostMuteNotice): Promise<HostMuteAnswer> {
    return this.#ask(
      gcPaths.hostMutes(notice.controller_id),
      { request: 'HostMuteNotice', answer: 'HostMuteAnswer' },
      notice,
      hostMuteAnswerSchema,
    );
  }

  /** The controller's word that a meeting has ended (ledger GC-13). */
  reportEndedMeeting(notice: EndedMeetingNotice): Promise<EndMeetingAnswer> {
    return this.#ask(
      gcPaths.endedMeetings(notice.controller_id),
      { request: 'EndedMeeting', answer: 'EndMeetingAnswer' },
      notice,
      endMeetingAnswerSchema,
    );
  }

  #report(path: string, name: NodeMessageName, message: object): Promise<NodeAnswer> {
    return this.#ask(path, { request: name, answer: 'NodeAnswer' }, message, nodeAnswerSchema);
  }

  async #ask<Answer>(
    path: string,
    names: { readonly request: NodeMessageName; readonly answer: NodeMessageName },
    message: object,
    schema: z.ZodType<Answer>,
  ): Promise<Answer> {
    const { status, bytes } = await this.#exchange(path, encodeNodeMessage(names.request, { ...message }));
    if (status < 200 || status > 299) {
      const { code, text } = readError(bytes);
      throw new GlobalControllerError(`The global controller answered ${status}: ${text}`, status, { code });
    }
    const decoded = decodeNodeMessage(names.answer, bytes);
    const answer = schema.safeParse(decoded.ok ? decoded.value : undefined);
    if (answer.success) return answer.data;
    throw new GlobalControllerError(`The global controller's answer is not a ${names.answer}`, status, {
      cause: decoded.ok ? answer.error : decoded.reason,
    });
  }

  async #exchange(
    path: string,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly status: number; readonly bytes: Uint8Array }> {
    const { url, token, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    try {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          'content-type': PROTOBUF,
          accept: PROTOBUF,
        },
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { status: response.status, bytes: await readBounded(response) };
    } catch (cause) {
      throw new GlobalControllerError(
        `No answer from the global controller at ${url}: ${causeText(cause)}`,
        undefined,
        {
          cause,
        },
      );
    }
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What an error body says; refusals are JSON whatever was asked for. */
function readError(bytes: Uint8Array): { readonly code?: ApiErrorCode; readonly text: string } {
  try {
    const { code, message } = errorBodySchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).error;
    return { code, text: message };
  } catch {
    return { text: 'it did not say why' };
  }
}

/** fetch hides what happened in the cause of its error. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause;
  return inner instanceof Error && inner.message !== '' ? inner.message : error.message;
}
