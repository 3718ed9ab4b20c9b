import type { QuicAddress } from './quic.ts';

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ hostname, port }: QuicAddress): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
