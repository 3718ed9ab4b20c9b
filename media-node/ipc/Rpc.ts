// Requests, answers and notices between an agent and its workers, the same on both ends, over anything that carries
// plain JSON values in order (in production: Node's IPC channel, which Deno speaks too). Both ends are ours and of one
// build, so bodies are trusted to have their type; the envelope is checked, so that a stray message is counted, not thrown.
//
//   {kind:'request', id, name, body}   {kind:'answer', id, body}   {kind:'answer', id, error:{code,message,details}}
//   {kind:'notice', name, body}
import { API_ERROR_CODES, ApiError, type ApiErrorCode } from '../../shared/api/error.ts';
import type { CallMap, NoticeMap } from './protocol.ts';

/** Calls that wait for their answer, in each direction; one more is refused. */
export const DEFAULT_MAX_OUTSTANDING = 1_024;

export interface RpcChannel {
  /** Hands a JSON value to the other end. A throw is taken as a closed channel. */
  readonly send: (message: unknown) => void;
  /** Called once, with where to hand what arrives. */
  readonly onMessage: (callback: (message: unknown) => void) => void;
}

export type RpcHandlers<Incoming extends CallMap> = {
  readonly [Name in keyof Incoming]: (
    request: Incoming[Name]['request'],
  ) => Promise<Incoming[Name]['answer']> | Incoming[Name]['answer'];
};

export interface RpcOptions<Incoming extends CallMap> extends RpcChannel {
  /** A call without an answer after this is rejected, ms. */
  readonly timeoutMs: number;
  /** An ApiError thrown here reaches the caller as it is; anything else as INTERNAL_ERROR without its text. */
  readonly handlers: RpcHandlers<Incoming>;
  readonly maxOutstanding?: number;
  /** Sink of what a handler or a notice's callback threw and the other end is not told. */
  readonly onError?: (name: string, error: unknown) => void;
}

export interface Rpc<Outgoing extends CallMap, Notices extends NoticeMap> {
  /** Rejects with an ApiError: the other end's own, or INTERNAL_ERROR for a time-out, a full or a closed channel. */
  call<Name extends keyof Outgoing & string>(
    name: Name,
    request: Outgoing[Name]['request'],
  ): Promise<Outgoing[Name]['answer']>;
  /** Says something that has no answer. False when the channel is closed. */
  notify<Name extends keyof Notices & string>(name: Name, value: Notices[Name]): boolean;
  onNotice<Name extends keyof Notices & string>(name: Name, callback: (value: Notices[Name]) => void): void;
  /** Rejects what is outstanding and everything later with this reason. Idempotent. */
  close(reason: string): void;
  readonly closed: boolean;
  readonly outstanding: number;
  /** Messages that were none of the four shapes, or that nothing waits for (late answers, unknown notices). */
  readonly ignoredMessages: number;
}

interface Outstanding {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: ApiError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

type WireError = { code: ApiErrorCode; message: string; details: Readonly<Record<string, unknown>> };

/** @throws RangeError when timeoutMs or maxOutstanding is not a positive number. */
export function createRpc<
  Outgoing extends CallMap,
  Incoming extends CallMap,
  Notices extends NoticeMap = NoticeMap,
>(options: RpcOptions<Incoming>): Rpc<Outgoing, Notices> {
  return new RpcEndpoint<Outgoing, Incoming, Notices>(options);
}

class RpcEndpoint<Outgoing extends CallMap, Incoming extends CallMap, Notices extends NoticeMap>
  implements Rpc<Outgoing, Notices>
{
  readonly #options: RpcOptions<Incoming>;
  readonly #maxOutstanding: number;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #notices = new Map<string, (value: never) => void>();
  #nextId = 1;
  #running = 0;
  #ignored = 0;
  #closedReason: string | undefined;

  constructor(options: RpcOptions<Incoming>) {
    const maxOutstanding = options.maxOutstanding ?? DEFAULT_MAX_OUTSTANDING;
    if (!(options.timeoutMs > 0)) throw new RangeError(`timeoutMs must be positive: ${options.timeoutMs}`);
    if (!(maxOutstanding > 0)) throw new RangeError(`maxOutstanding must be positive: ${maxOutstanding}`);
    this.#options = options;
    this.#maxOutstanding = maxOutstanding;
    options.onMessage((message) => this.#receive(message));
  }

  get closed(): boolean {
    return this.#closedReason !== undefined;
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  get ignoredMessages(): number {
    return this.#ignored;
  }

  call<Name extends keyof Outgoing & string>(
    name: Name,
    request: Outgoing[Name]['request'],
  ): Promise<Outgoing[Name]['answer']> {
    if (this.#closedReason !== undefined) return Promise.reject(channelClosed(name, this.#closedReason));
    if (this.#outstanding.size >= this.#maxOutstanding) {
      return Promise.reject(
        new ApiError(
          'INTERNAL_ERROR',
          `Call "${name}" refused: at most ${this.#maxOutstanding} calls wait at once`,
        ),
      );
    }
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#outstanding.delete(id);
        reject(
          new ApiError('INTERNAL_ERROR', `Call "${name}" had no answer after ${this.#options.timeoutMs} ms`),
        );
      }, this.#options.timeoutMs);
      this.#outstanding.set(id, { resolve, reject, timer });
      if (this.#send({ kind: 'request', id, name, body: request })) return;
      clearTimeout(timer);
      this.#outstanding.delete(id);
      reject(channelClosed(name, 'the message could not be sent'));
    });
  }

  notify<Name extends keyof Notices & string>(name: Name, value: Notices[Name]): boolean {
    return !this.closed && this.#send({ kind: 'notice', name, body: value });
  }

  onNotice<Name extends keyof Notices & string>(name: Name, callback: (value: Notices[Name]) => void): void {
    this.#notices.set(name, callback);
  }

  close(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#closedReason = reason;
    for (const { timer, reject } of this.#outstanding.values()) {
      clearTimeout(timer);
      reject(new ApiError('INTERNAL_ERROR', `Channel closed: ${reason}`));
    }
    this.#outstanding.clear();
  }

  #send(message: unknown): boolean {
    try {
      this.#options.send(message);
      return true;
    } catch (error) {
      this.#options.onError?.('send', error);
      return false;
    }
  }

  #receive(message: unknown): void {
    if (this.closed) return;
    if (!isRecord(message)) {
      this.#ignored++;
      return;
    }
    const { kind, id, name } = message;
    if (kind === 'request' && typeof id === 'number' && typeof name === 'string')
      void this.#answer(id, name, message['body']);
    else if (kind === 'answer' && typeof id === 'number') this.#settle(id, message);
    else if (kind === 'notice' && typeof name === 'string') this.#takeNotice(name, message['body']);
    else this.#ignored++;
  }

  async #answer(id: number, name: string, body: unknown): Promise<void> {
    const handler = Object.hasOwn(this.#options.handlers, name) ? this.#options.handlers[name] : undefined;
    if (!handler) {
      this.#refuse(id, new ApiError('NOT_FOUND', `No call "${name}"`));
      return;
    }
    if (this.#running >= this.#maxOutstanding) {
      this.#refuse(
        id,
        new ApiError(
          'RATE_LIMITED',
          `Call "${name}" refused: at most ${this.#maxOutstanding} calls run at once`,
        ),
      );
      return;
    }
    this.#running++;
    try {
      const answer = await handler(body);
      if (!this.closed) this.#send({ kind: 'answer', id, body: answer ?? null });
    } catch (error) {
      this.#refuse(id, this.#toApiError(name, error));
    } finally {
      this.#running--;
    }
  }

  #refuse(id: number, error: ApiError): void {
    if (this.closed) return;
    const wire: WireError = { code: error.code, message: error.message, details: error.details };
    this.#send({ kind: 'answer', id, error: wire });
  }

  #toApiError(name: string, error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    this.#options.onError?.(name, error);
    return new ApiError('INTERNAL_ERROR', `Call "${name}" failed`);
  }

  #settle(id: number, message: Readonly<Record<string, unknown>>): void {
    const waiting = this.#outstanding.get(id);
    if (!waiting) {
      this.#ignored++;
      return;
    }
    this.#outstanding.delete(id);
    clearTimeout(waiting.timer);
    if (message['error'] === undefined) waiting.resolve(message['body']);
    else waiting.reject(readError(message['error']));
  }

  #takeNotice(name: string, body: unknown): void {
    const callback = this.#notices.get(name);
    if (!callback) {
      this.#ignored++;
      return;
    }
    try {
      callback(body as never);
    } catch (error) {
      this.#options.onError?.(name, error);
    }
  }
}

function channelClosed(name: string, reason: string): ApiError {
  return new ApiError('INTERNAL_ERROR', `Call "${name}" failed: ${reason}`);
}

function readError(value: unknown): ApiError {
  if (!isRecord(value)) return new ApiError('INTERNAL_ERROR', 'Call failed without saying why');
  const { code, message, details } = value;
  return new ApiError(
    API_ERROR_CODES.find((known) => known === code) ?? 'INTERNAL_ERROR',
    typeof message === 'string' ? message : 'Call failed without saying why',
    isRecord(details) ? { details } : {},
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
