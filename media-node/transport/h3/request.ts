// The extended CONNECT that makes a session (RFC 9220, draft-ietf-webtrans-http3 §3) and its answer.
import { err, ok, type Result } from '../../../shared/base/result.ts';
import { FrameType } from './constants.ts';
import { encodeTlv } from './encodeTlv.ts';
import { encodeFieldSection, type Field } from './qpack.ts';

export interface ConnectRequest {
  readonly authority: string;
  /** With the query. */
  readonly path: string;
  readonly origin: string | undefined;
}

export interface RefusedRequest {
  /** HTTP status of the answer. */
  readonly status: number;
  readonly message: string;
}

const PSEUDO_FIELDS: ReadonlySet<string> = new Set([
  ':method',
  ':protocol',
  ':scheme',
  ':authority',
  ':path',
]);
/** RFC 9114 §4.2: fields of the connection, which HTTP/3 does not have. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** RFC 9110 §5.6.2, less upper case (RFC 9114 §4.2). */
const FIELD_NAME = /^:?[a-z0-9!#$%&'*+\-.^_`|~]+$/;
/** RFC 9110 §5.5: no control character but the tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN_IN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/;
/** RFC 3986 leaves nothing but visible ASCII in a path and an authority. */
const VISIBLE_ASCII = /^[\u0021-\u007e]+$/;

/** A HEADERS frame with the request for a session. */
export function encodeConnectRequest(request: ConnectRequest): Uint8Array {
  const fields: Field[] = [
    { name: ':method', value: 'CONNECT' },
    { name: ':protocol', value: 'webtransport' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: request.authority },
    { name: ':path', value: request.path },
    { name: 'sec-webtransport-http3-draft02', value: '1' },
  ];
  if (request.origin !== undefined) fields.push({ name: 'origin', value: request.origin });
  return encodeTlv(FrameType.headers, encodeFieldSection(fields));
}

/** A HEADERS frame with an answer. */
export function encodeResponse(status: number): Uint8Array {
  const fields: Field[] = [{ name: ':status', value: String(status) }];
  if (status === 200) fields.push({ name: 'sec-webtransport-http3-draft', value: 'draft02' });
  return encodeTlv(FrameType.headers, encodeFieldSection(fields));
}

/** The status of an answer, or undefined when it is malformed. */
export function readStatus(fields: readonly Field[]): number | undefined {
  const statuses = fields.filter(({ name }) => name === ':status');
  const value = statuses[0]?.value ?? '';
  return statuses.length === 1 && /^[1-5][0-9]{2}$/.test(value) ? Number(value) : undefined;
}

/** Checks that the fields are a request for a WebTransport session (RFC 9114 §4.1.2, §4.3.1). */
export function readConnectRequest(fields: readonly Field[]): Result<ConnectRequest, RefusedRequest> {
  const pseudo = new Map<string, string>();
  let origin: string | undefined;
  let regularSeen = false;
  for (const { name, value } of fields) {
    if (!FIELD_NAME.test(name) || FORBIDDEN_IN_VALUE.test(value)) return refuse(400, 'Field is malformed');
    if (name.startsWith(':')) {
      if (regularSeen || pseudo.has(name) || !PSEUDO_FIELDS.has(name))
        return refuse(400, 'Pseudo-header field is misplaced, repeated or unknown');
      pseudo.set(name, value);
      continue;
    }
    regularSeen = true;
    if (CONNECTION_FIELDS.has(name)) return refuse(400, 'Connection-specific field is not allowed');
    if (name !== 'origin') continue;
    if (origin !== undefined) return refuse(400, 'Origin is repeated');
    origin = value;
  }
  if (pseudo.get(':method') !== 'CONNECT') return refuse(405, 'Method must be CONNECT');
  if (pseudo.get(':protocol') !== 'webtransport') return refuse(501, 'Protocol must be webtransport');
  if (pseudo.get(':scheme') !== 'https') return refuse(400, 'Scheme must be https');
  const authority = pseudo.get(':authority') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (!VISIBLE_ASCII.test(authority)) return refuse(400, 'Authority must be visible ASCII');
  if (!path.startsWith('/') || !VISIBLE_ASCII.test(path))
    return refuse(400, 'Path must begin with / and be visible ASCII');
  return ok({ authority, path, origin });
}

function refuse(status: number, message: string): Result<never, RefusedRequest> {
  return err({ status, message });
}
