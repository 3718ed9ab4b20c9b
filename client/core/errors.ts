// Failures of connections to a meeting controller or a media handler, translated where they enter.
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { TransportCloseInfo } from './transport.ts';

/**
 * `unreachable`: no session could be made. `lost`: the session broke. `closed`: a side closed it, with `closeCode`.
 * `timed_out`: no answer in time. `refused`: the peer answered with an error, with `refusal`. `protocol`: the peer sent
 * what it must not. `unsupported`: this runtime has no WebTransport, and the peer takes sessions over nothing else.
 */
export type ConnectionErrorCode =
  | 'unreachable'
  | 'lost'
  | 'closed'
  | 'timed_out'
  | 'refused'
  | 'protocol'
  | 'unsupported';

/** Code of a server's Error or Refused message, such as `NOT_FOUND` (ledger MC-5). */
export type Refusal = string;

export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: ConnectionErrorCode;
  readonly closeCode: number | undefined;
  readonly refusal: Refusal | undefined;

  constructor(
    code: ConnectionErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly closeCode?: number; readonly refusal?: Refusal } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.closeCode = options.closeCode;
    this.refusal = options.refusal;
  }

  /** `what` is a name as it stands within a sentence: `the media handler`. */
  static unreachable(what: string, cause: unknown): ConnectionError {
    return new ConnectionError('unreachable', `${sentence(what)} could not be reached`, { cause });
  }

  static unsupported(what: string, cause: unknown): ConnectionError {
    return new ConnectionError(
      'unsupported',
      `${sentence(what)} takes sessions over WebTransport alone, which this runtime lacks`,
      { cause },
    );
  }

  static lost(what: string, cause: unknown): ConnectionError {
    const detail = typeof cause === 'string' ? `: ${cause}` : '';
    return new ConnectionError('lost', `Connection to ${what} was lost${detail}`, { cause });
  }

  static closed(what: string, info: TransportCloseInfo): ConnectionError {
    const closeCode = info.closeCode ?? CloseCode.normal;
    const reason = info.reason ? `: ${info.reason}` : '';
    return new ConnectionError('closed', `Connection to ${what} was closed with code ${closeCode}${reason}`, {
      closeCode,
    });
  }

  static timedOut(what: string, afterMs: number): ConnectionError {
    return new ConnectionError('timed_out', `${sentence(what)} did not answer within ${afterMs} ms`);
  }

  static refused(refusal: Refusal, message: string): ConnectionError {
    return new ConnectionError('refused', message, { refusal });
  }

  static protocol(what: string, fault: string): ConnectionError {
    return new ConnectionError('protocol', `${sentence(what)} sent malformed data: ${fault}`);
  }
}

function sentence(what: string): string {
  return what.charAt(0).toUpperCase() + what.slice(1);
}
