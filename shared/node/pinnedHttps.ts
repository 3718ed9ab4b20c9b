// HTTPS to peers that have self-signed certificates (ledger GC-10): a server is who it should be when the SHA-256 of its
// certificate is one that was registered. That is checked before the first byte of a request leaves, so that a wrong
// server never sees a credential; connections are kept and used again.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';

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

/**
 * `refused_certificate`: somebody else answers at that address. `unreachable`: no connection, or it broke. `timeout`,
 * `answer_too_large`, `overloaded`: a bound of this client was passed. `closed`: close() was called.
 */
export type PinnedRequestFailure =
  | 'refused_certificate'
  | 'unreachable'
  | 'timeout'
  | 'answer_too_large'
  | 'overloaded'
  | 'closed';

export class PinnedRequestError extends Error {
  override readonly name = 'PinnedRequestError';
  readonly reason: PinnedRequestFailure;

  constructor(reason: PinnedRequestFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface PinnedClient {
  /** Rejects with PinnedRequestError; any HTTP status is an answer. */
  request(request: PinnedRequest): Promise<PinnedAnswer>;
  /** Ends all connections; what is under way and later requests fail as `closed`. Idempotent. */
  close(): void;
}

const DEFAULT_MAX_WAITING = 256;
const DEFAULT_MAX_ANSWER_BYTES = 1_048_576;
/** A kept connection is dropped when unused for this long; servers keep theirs at least as long. */
const IDLE_CONNECTION_MS = 30_000;

export function createPinnedClient(options: PinnedClientOptions): PinnedClient {
  const agent = new PinnedAgent(options);
  const limits = new Map<string, OriginLimit>();
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

/** Requests at once to one server, and the bounded line of those that wait. */
class OriginLimit {
  readonly #host: string;
  readonly #maxActive: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  constructor(host: string, maxActive: number, maxWaiting: number) {
    this.#host = host;
    this.#maxActive = maxActive;
    this.#maxWaiting = maxWaiting;
  }

  get unused(): boolean {
    return this.#active === 0 && this.#waiting.size === 0;
  }

  async enter(signal: AbortSignal): Promise<void> {
    if (this.#active < this.#maxActive) {
      this.#active++;
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new PinnedRequestError(
        'overloaded',
        `At most ${this.#maxWaiting} requests may wait for ${this.#host}, and that many do`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise;
    signal.removeEventListener('abort', onAbort);
  }

  /** The place goes to the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

function limitOf(limits: Map<string, OriginLimit>, host: string, options: PinnedClientOptions): OriginLimit {
  let limit = limits.get(host);
  if (limit === undefined) {
    limit = new OriginLimit(host, options.maxSockets, options.maxWaiting ?? DEFAULT_MAX_WAITING);
    limits.set(host, limit);
  }
  return limit;
}

/** What a request carries to the agent beside Node's own options. */
type PinnedOptions = RequestOptions & { readonly certificateHashes?: readonly string[] };

/** Hands out a connection only after the handshake is done and the server's certificate is one of the accepted. */
class PinnedAgent extends Agent {
  readonly #connecting = new Set<TLSSocket>();
  readonly #connectTimeoutMs: number;

  constructor(options: PinnedClientOptions) {
    super({ keepAlive: true, maxFreeSockets: options.maxSockets, timeout: IDLE_CONNECTION_MS });
    this.#connectTimeoutMs = options.timeoutMs;
  }

  /** Kept connections are shared only by requests that accept the same certificates. */
  override getName(options?: PinnedOptions): string {
    return `${super.getName(options)}:${[...(options?.certificateHashes ?? [])].sort().join(',')}`;
  }

  override createConnection(
    options: PinnedOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { host, port, certificateHashes = [] } = options;
    const peer = `${host}:${port}`;
    const socket = connect({
      host: String(host),
      port: Number(port),
      ...(isIP(String(host)) === 0 ? { servername: String(host) } : {}),
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      // No authority signs these certificates: the hash is the check.
      rejectUnauthorized: false,
    });
    this.#connecting.add(socket);
    const finish = (error: Error | null): void => {
      if (!this.#connecting.delete(socket)) return;
      clearTimeout(timer);
      if (error !== null) socket.destroy();
      callback?.(error, socket);
    };
    const timer = setTimeout(
      () => finish(new PinnedRequestError('timeout', `${peer} did not complete a TLS handshake in time`)),
      this.#connectTimeoutMs,
    );
    socket.once('error', (cause) => finish(unreachable(peer, cause)));
    socket.once('close', () => finish(unreachable(peer, new Error('Connection closed'))));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      const hash = certificate && createHash('sha256').update(certificate.raw).digest('base64');
      finish(
        hash !== undefined && certificateHashes.includes(hash)
          ? null
          : new PinnedRequestError(
              'refused_certificate',
              `${peer} shows a certificate that is not one of the ${certificateHashes.length} registered for it`,
            ),
      );
    });
  }

  close(): void {
    for (const socket of this.#connecting) socket.destroy();
    this.destroy();
  }
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

function unreachable(peer: string, cause: unknown): PinnedRequestError {
  const detail =
    cause instanceof Error ? cause.message || ((cause as NodeJS.ErrnoException).code ?? '') : String(cause);
  return new PinnedRequestError('unreachable', `Cannot reach ${peer}: ${detail}`, { cause });
}
