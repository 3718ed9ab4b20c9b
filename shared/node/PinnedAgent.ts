import { createHash } from 'node:crypto';
import { Agent, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { PinnedRequestError, unreachable } from './PinnedRequestError.ts';

/** A kept connection is dropped when unused for this long; servers keep theirs at least as long. */
const IDLE_CONNECTION_MS = 30_000;

/** What a request carries to the agent beside Node's own options. */
export type PinnedOptions = RequestOptions & { readonly certificateHashes?: readonly string[] };

/** Hands out a connection only after the handshake is done and the server's certificate is one of the accepted. */
export class PinnedAgent extends Agent {
  readonly #connecting = new Set<TLSSocket>();
  readonly #connectTimeoutMs: number;

  /** `connectTimeoutMs` bounds TCP and TLS handshake together. */
  constructor(options: { readonly connectTimeoutMs: number; readonly maxFreeSockets: number }) {
    super({ keepAlive: true, maxFreeSockets: options.maxFreeSockets, timeout: IDLE_CONNECTION_MS });
    this.#connectTimeoutMs = options.connectTimeoutMs;
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
