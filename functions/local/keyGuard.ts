// Who may speak to the embedded DynamoDB: dynalite checks no signature and lets every web page read its answers, so that
// its port would be open to any page and to any user of the machine.
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { Secret } from '../../shared/base/secret.ts';

const KEY_BYTES = 32;
/** The access key id in a header of AWS Signature Version 4. */
const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=([^/,\s]{1,256})\//;

/** An access key id that nobody guesses. */
export function createAccessKeyId(): Secret {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return new Secret(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/**
 * Puts itself in front of what the server does with requests: those of a page (with an Origin, whatever their key) and
 * those that are not signed with the access key id are answered 403 in DynamoDB's shape, and seen by nobody else.
 */
export function guardWithKey(server: Server, accessKeyId: Secret): void {
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const refusal = refusalOf(request, accessKeyId);
    if (refusal === undefined) {
      for (const handler of handlers) handler.call(server, request, response);
      return;
    }
    request.resume();
    response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(
      JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message: refusal }),
    );
  });
}

function refusalOf({ headers }: IncomingMessage, accessKeyId: Secret): string | undefined {
  if (headers.origin !== undefined) return 'Web pages may not use this database';
  const given = CREDENTIAL.exec(headers.authorization ?? '')?.[1];
  if (given === undefined || !accessKeyId.equals(given))
    return 'Requests must be signed with the access key id that this process made';
  return undefined;
}
