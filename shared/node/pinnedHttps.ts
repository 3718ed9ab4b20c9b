// HTTPS to peers that have self-signed certificates (ledger GC-10): a server is who it should be when the SHA-256 of its
// certificate is one that was registered. That is checked before the first byte of a request leaves, so that a wrong
// server never sees a credential; connections are kept and used again.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { PinnedAgent, type PinnedOptions } from './PinnedAgent.ts';
import { PinnedRequestError, unreachable } from './PinnedRequestError.ts';
import { RequestLimit } from './RequestLimit.ts';

export { PinnedRequestError, type PinnedRequestFailure } from './PinnedRequestError.ts';

export interface PinnedClientOptions {
  /** From the call of request() to the last byte of the answer, ms. */
  readonly timeoutMs: number;
  /** Requests, and so connections, at once to one server. */
  readonly maxSockets: number;
  /** Requests that wait for one of those connections; further ones fail as `overloaded`. Default 256 per server. */
  readonly maxWaiting?: number;
  /** Bytes of an answer's body; a longer one fails the request. Default 1 MiB. */
  readonly maxAnswerBytes?: number;
}

export interface PinnedRequest {
  /** `https://host:port/path`. */
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** SHA-256 of the DER certificates that are accepted, base64. */
  readonly certificateHashes: readonly string[];
}

export interface PinnedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PinnedClient {
  /** Rejects with PinnedRequestError; any HTTP status is an answer. */
  request(request: PinnedRequest): Promise<PinnedAnswer>;
  /** Ends all connections; what is under way and later requests fail as `closed`. Idempotent. */
  close(): void;
}

const DEFAULT_MAX_WAITING = 256;
const DEFAULT_MAX_ANSWER_BYTES = 1_048_576;

export function createPinnedClient(options: PinnedClientOptions): PinnedClient {
  const agent = new PinnedAgent({
    connectTimeoutMs: options.timeoutMs,
    maxFreeSockets: options.maxSockets,
  });
  const limits = new Map<string, RequestLimit>();
  const underWay = new Set<AbortController>();
  let closed = false;

  async function request(input: PinnedRequest): Promise<PinnedAnswer> {
    if (closed) throw new PinnedRequestError('closed', 'The HTTPS client is closed');
    const url = new URL(input.url);
    if (url.protocol !== 'https:')
      throw new TypeError(`A pinned request needs an https URL, got ${input.url}`);
    const abort = new AbortController();
    underWay.add(abort);
    const timer = setTimeout(() => {
      abort.abort(
        new PinnedRequestError('timeout', `${url.host} did not answer within ${options.timeoutMs} ms`),
      );
    }, options.timeoutMs);
    const limit = limitOf(limits, url.host, options);
    try {
      await limit.enter(abort.signal);
      try {
        return await sendAgainWhenStale(agent, url, input, abort.signal, options);
      } finally {
        limit.leave();
        if (limit.unused) limits.delete(url.host);
      }
    } finally {
      clearTimeout(timer);
      underWay.delete(abort);
    }
  }

  return {
    request,
    close() {
      closed = true;
      for (const abort of underWay)
        abort.abort(new PinnedRequestError('closed', 'The HTTPS client was closed during the request'));
      agent.close();
    },
  };
}

function limitOf(
  limits: Map<string, RequestLimit>,
  host: string,
  options: PinnedClientOptions,
): RequestLimit {
  let limit = limits.get(host);
  if (limit === undefined) {
    limit = new RequestLimit(host, options.maxSockets, options.maxWaiting ?? DEFAULT_MAX_WAITING);
    limits.set(host, limit);
  }
  return limit;
}

/** A kept connection that the server closes just as it is used again says nothing about the server: send once more. */
async function sendAgainWhenStale(
  agent: Agent,
  url: URL,
  input: PinnedRequest,
  signal: AbortSignal,
  options: PinnedClientOptions,
): Promise<PinnedAnswer> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await send(agent, url, input, signal, options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES);
    if ('answer' in outcome) return outcome.answer;
    if (!outcome.stale || attempt >= options.maxSockets) throw outcome.error;
  }
}

type SendOutcome =
  | { readonly answer: PinnedAnswer }
  | { readonly error: PinnedRequestError; readonly stale: boolean };

function send(
  agent: Agent,
  url: URL,
  input: PinnedRequest,
  signal: AbortSignal,
  maxAnswerBytes: number,
): Promise<SendOutcome> {
  return new Promise((resolve) => {
    let answered = false;
    const fail = (error: PinnedRequestError, stale = false): void => {
      signal.removeEventListener('abort', onAbort);
      resolve({ error, stale });
      request.destroy();
    };
    const onAbort = (): void => fail(signal.reason as PinnedRequestError);
    const pinned: PinnedOptions = {
      agent,
      method: input.method,
      headers: {
        ...input.headers,
        ...(input.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(input.body)) }),
      },
      certificateHashes: input.certificateHashes,
    };
    const request = httpsRequest(url, pinned);
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof PinnedRequestError) fail(error);
      else
        fail(unreachable(url.host, error), !answered && request.reusedSocket && error.code === 'ECONNRESET');
    });
    request.on('response', (response) => {
      answered = true;
      collect(response, maxAnswerBytes).then(
        (body) => {
          signal.removeEventListener('abort', onAbort);
          resolve({ answer: { status: response.statusCode ?? 0, headers: response.headers, body } });
        },
        (error) => fail(error instanceof PinnedRequestError ? error : unreachable(url.host, error)),
      );
    });
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      request.end(input.body);
    }
  });
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new PinnedRequestError(
        'answer_too_large',
        `An answer may have ${maxBytes} bytes, this one has more`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
