import { ConnectionError } from './errors.ts';
import type { ClientTransport, TransportFactory } from './transport.ts';

/** A malformed URL or a runtime without WebTransport throws at once. @throws ConnectionError unreachable */
export function openTransport(
  transport: TransportFactory,
  url: string,
  certificateHashes: readonly Uint8Array[],
): ClientTransport {
  try {
    return transport(url, certificateHashes);
  } catch (error) {
    throw ConnectionError.unreachable(url, error);
  }
}
