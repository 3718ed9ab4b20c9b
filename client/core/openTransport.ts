import { ConnectionError } from './errors.ts';
import { type ClientTransport, NoWebTransportError, type TransportFactory } from './transport.ts';

/** @throws ConnectionError unreachable for a malformed URL, unsupported where the runtime has no transport for it */
export function openTransport(
  transport: TransportFactory,
  url: string,
  certificateHashes: readonly Uint8Array[],
): ClientTransport {
  try {
    return transport(url, certificateHashes);
  } catch (error) {
    throw error instanceof NoWebTransportError
      ? ConnectionError.unsupported(url, error)
      : ConnectionError.unreachable(url, error);
  }
}
