import { fromHttp3Code } from '../h3/applicationCode.ts';
import { StreamClosedError } from '../MediaSession.ts';

/**
 * What the engine says when the peer reset a stream or stopped reading it, with the HTTP/3 error code at the end. It has
 * no field for the code.
 */
const BY_PEER = /(?:reset|stopped) by peer:? (?:error )?(\d+)/;

/** True when the peer ended this one stream, false when the connection is over. */
export function isStreamError(error: unknown): boolean {
  return BY_PEER.test(messageOf(error));
}

/** The engine's failure as ours. */
export function streamClosed(error: unknown): StreamClosedError {
  if (error instanceof StreamClosedError) return error;
  const message = messageOf(error);
  const http3Code = BY_PEER.exec(message)?.[1];
  const code = http3Code === undefined ? undefined : fromHttp3Code(Number(http3Code));
  return new StreamClosedError(`Stream ended: ${message}`, code, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
