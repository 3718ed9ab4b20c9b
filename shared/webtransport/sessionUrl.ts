// The address of a node's WebTransport sessions. A server that takes them over TCP as well says where in the query of its URL
// (protocol document, "Sessions over TCP"); whoever does not know the word opens the URL as it is.

const TCP_PARAMETER = 'tcp';

/** `host` and `tcpHost` as they stand in a URL; without a tcpHost there is no TCP. */
export function sessionUrl(host: string, port: number, path: string, tcpHost: string | undefined): string {
  const url = `https://${host}:${port}${path}`;
  return tcpHost === undefined ? url : `${url}?${TCP_PARAMETER}=${encodeURIComponent(`${tcpHost}:${port}`)}`;
}

/** Where the server of this URL takes sessions over TCP, a wss:// URL; undefined where it does not say. */
export function tcpUrl(sessionUrl: string): string | undefined {
  const url = URL.parse(sessionUrl);
  const authority = url?.searchParams.get(TCP_PARAMETER);
  if (url === null || authority === undefined || authority === null) return undefined;
  const target = URL.parse(`wss://${authority}${url.pathname}`);
  // Nothing but a host and a port was announced.
  return target === null || target.pathname !== url.pathname || target.username !== ''
    ? undefined
    : target.href;
}
