// Who may use a global controller on one machine, where the API is open: programs of the machine and the page that is
// served with it, but no other web page. A page of another site can send requests here (some without asking first), and
// with a name of its own that leads here (DNS rebinding) also read the answers; what it cannot do is forge these headers.
import { ApiError } from '../../shared/api/error.ts';
import type { Logger } from '../../shared/base/log.ts';

/** As they stand in a Host header; names of ours that nobody else's DNS answers for. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const HOST = /^(\[[^\]]*\]|[^:]*)(?::[0-9]{1,5})?$/;
const HTTP_PORT = 80;

export interface LocalOnlyOptions {
  /** Address that is served, as in a URL; allowed beside the loopback ones, since somebody chose it. */
  readonly host: string;
  /** Port that is served: the page's own. */
  readonly port: () => number;
  readonly log: Logger;
}

type Fetch<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/**
 * Answers 403 FORBIDDEN where the Host is none of ours, or where there is an Origin that is not the page's. Not 421
 * (RFC 9110, 15.5.20), which asks the client to try again over another connection: there is none that would do.
 */
export function localOnly<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
  { host, port, log }: LocalOnlyOptions,
): Fetch<Rest> {
  const hosts = new Set([...LOOPBACK_HOSTS, host.toLowerCase()]);
  return (request, ...rest) => {
    const refusal = refusalOf(request.headers, hosts, port());
    if (refusal === undefined) return fetch(request, ...rest);
    log.warn('Request from elsewhere refused', { method: request.method, reason: refusal.message });
    return Response.json(refusal.toBody(), {
      status: refusal.status,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
  };
}

function refusalOf(headers: Headers, hosts: ReadonlySet<string>, port: number): ApiError | undefined {
  const host = headers.get('host') ?? '';
  if (!hosts.has(HOST.exec(host)?.[1]?.toLowerCase() ?? ''))
    return new ApiError('FORBIDDEN', `Host must be one of ${[...hosts].join(', ')}: got "${host}"`);
  const origin = headers.get('origin');
  if (origin !== null && !isPage(origin, hosts, port))
    return new ApiError(
      'FORBIDDEN',
      `Only the page that is served here may use the API from a browser: got origin "${origin}"`,
    );
  return undefined;
}

function isPage(origin: string, hosts: ReadonlySet<string>, port: number): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.protocol === 'http:' && hosts.has(url.hostname) && Number(url.port || HTTP_PORT) === port;
}
