// Meeting ids as people have them: typed, or inside a link that somebody sent.
import { isId } from '../../../shared/base/ids.ts';

export type MeetingReference =
  | { readonly kind: 'empty' }
  | { readonly kind: 'id'; readonly meetingId: string }
  | { readonly kind: 'invalid' };

const PATH_PREFIX = '/m/';
const QUERY_NAME = 'meeting';

export function meetingPath(meetingId: string): string {
  return `${PATH_PREFIX}${encodeURIComponent(meetingId)}`;
}

/** Takes an id, a whole link, a link without its scheme, or a path; `/m/<id>` and `?meeting=<id>` are understood. */
export function parseMeetingReference(text: string): MeetingReference {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  if (isId(trimmed)) return { kind: 'id', meetingId: trimmed };
  const url = toUrl(trimmed);
  const meetingId = url && meetingIdOf(url);
  return meetingId === undefined ? { kind: 'invalid' } : { kind: 'id', meetingId };
}

/** The meeting that a page's address names, or undefined. */
export function meetingIdOf(url: URL): string | undefined {
  const at = url.pathname.lastIndexOf(PATH_PREFIX);
  const inPath = at < 0 ? '' : decode(url.pathname.slice(at + PATH_PREFIX.length).replace(/\/+$/, ''));
  const candidate = inPath || (url.searchParams.get(QUERY_NAME)?.trim() ?? '');
  return isId(candidate) ? candidate : undefined;
}

function toUrl(text: string): URL | undefined {
  if (/\s/.test(text)) return undefined;
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const address = absolute ? text : `https://${text.startsWith('/') ? `localhost${text}` : text}`;
  return URL.canParse(address) ? new URL(address) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: not an id in any reading.
    return '';
  }
}
