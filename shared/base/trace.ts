// W3C Trace Context, level 1 (ledger GC-19): a request goes on with its caller's trace, or starts one.

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

export interface TraceContext {
  /** 32 hexadecimal digits, the same in every part that works on the request. */
  readonly traceId: string;
  /** 16 hexadecimal digits: this process's part of it. */
  readonly spanId: string;
  /** 2 hexadecimal digits; bit 0 says that the caller records the trace. */
  readonly flags: string;
}

/** Continues the trace of a `traceparent` header; a missing or malformed one is as if there were none. */
export function continueTrace(traceparent: string | undefined): TraceContext {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const valid =
    version !== undefined &&
    version !== 'ff' &&
    (version !== '00' || more === undefined) &&
    traceId !== NO_TRACE &&
    parentId !== NO_SPAN;
  return {
    traceId: valid && traceId !== undefined ? traceId : randomHex(16),
    spanId: randomHex(8),
    flags: valid && flags !== undefined ? flags : '00',
  };
}

/** The header for a call made on behalf of the request. */
export function toTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
