// The WebSocket handshake (RFC 6455 §4) as far as it is ours: which requests are one, and the answers.
import { createHash } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { err, ok, type Result } from '../../../shared/base/result.ts';
import { WEBSOCKET_PROTOCOL } from '../../../shared/webtransport/capsuleTypes.ts';

const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const VERSION = '13';

export interface UpgradeRequest {
  readonly path: string;
  readonly authority: string;
  readonly origin: string | undefined;
  /** Value of Sec-WebSocket-Accept. */
  readonly accept: string;
}

/** The request, or the HTTP status with which it is answered. */
export function readUpgrade({ method, url, headers }: IncomingMessage): Result<UpgradeRequest, number> {
  if (method !== 'GET') return err(405);
  if (headers.upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-version'] !== VERSION)
    return err(426);
  const key = headers['sec-websocket-key'];
  if (key === undefined || !KEY.test(key) || url === undefined || !url.startsWith('/')) return err(400);
  const protocols = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  if (!protocols.includes(WEBSOCKET_PROTOCOL)) return err(400);
  const accept = acceptKey(key);
  return ok({ path: url, authority: headers.host ?? '', origin: headers.origin, accept });
}

/** What proves that the server has understood the request with this key. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64');
}

export function acceptUpgrade(socket: Duplex, accept: string): void {
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      `Sec-WebSocket-Protocol: ${WEBSOCKET_PROTOCOL}`,
      '\r\n',
    ].join('\r\n'),
  );
}

/** Answers with a status and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => undefined);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
      'Connection: close',
      'Content-Length: 0',
      ...(status === 426 ? [`Upgrade: websocket`, `Sec-WebSocket-Version: ${VERSION}`] : []),
      '\r\n',
    ].join('\r\n'),
  );
}
