// Client of the global controller's node API: protobuf over HTTP(S), with the service token where there is no IAM.
import type { MeetingPresence } from '../../shared/api/controllerNotice.ts';
import { errorBodySchema } from '../../shared/api/error.ts';
import {
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

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
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
    return this.#post(gcPaths.mediaHandlers, 'RegisterMediaHandler', registration);
  }

  registerMeetingController(registration: RegisterMeetingController): Promise<NodeAnswer> {
    return this.#post(gcPaths.meetingControllers, 'RegisterMeetingController', registration);
  }

  reportLoad(report: MediaHandlerLoadReport): Promise<NodeAnswer> {
    return this.#post(gcPaths.loadReports(report.handler_id), 'MediaHandlerLoadReport', report);
  }

  heartbeat(heartbeat: Heartbeat): Promise<NodeAnswer> {
    return this.#post(gcPaths.heartbeats(heartbeat.controller_id), 'Heartbeat', heartbeat);
  }

  /** Tells how many are in the controller's meetings (ledger GC-13, GC-17). */
  async reportPresence(presence: MeetingPresence): Promise<void> {
    const body = new Uint8Array(encodeNodeMessage('MeetingPresence', presence));
    const { status, bytes } = await this.#exchange(gcPaths.presence(presence.controller_id), body);
    if (status < 200 || status > 299)
      throw new GlobalControllerError(
        `The global controller answered ${status}: ${errorText(bytes)}`,
        status,
      );
  }

  async #post(path: string, name: NodeMessageName, message: object): Promise<NodeAnswer> {
    const body = new Uint8Array(encodeNodeMessage(name, { ...message }));
    const { status, bytes } = await this.#exchange(path, body);
    if (status < 200 || status > 299) {
      throw new GlobalControllerError(
        `The global controller answered ${status}: ${errorText(bytes)}`,
        status,
      );
    }
    const decoded = decodeNodeMessage('NodeAnswer', bytes);
    const answer = nodeAnswerSchema.safeParse(decoded.ok ? decoded.value : undefined);
    if (answer.success) return answer.data;
    throw new GlobalControllerError("The global controller's answer is not a NodeAnswer", status, {
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

/** The message of an error body; refusals are JSON whatever was asked for. */
function errorText(bytes: Uint8Array): string {
  try {
    return errorBodySchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).error.message;
  } catch {
    return 'it did not say why';
  }
}

/** fetch hides what happened in the cause of its error. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause;
  return inner instanceof Error && inner.message !== '' ? inner.message : error.message;
}
