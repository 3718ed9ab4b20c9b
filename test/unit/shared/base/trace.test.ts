import { describe, expect, it } from 'vitest';
import { continueTrace, toTraceparent } from '../../../../shared/base/trace.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

describe('trace context', () => {
  it('GC-19 goes on with the caller’s trace under a span of its own', () => {
    const trace = continueTrace(`00-${TRACE_ID}-${SPAN_ID}-01`);
    expect(trace.traceId).toBe(TRACE_ID);
    expect(trace.spanId).not.toBe(SPAN_ID);
    expect(toTraceparent(trace)).toBe(`00-${TRACE_ID}-${trace.spanId}-01`);
  });

  it('GC-19 reads what a later version adds', () => {
    expect(continueTrace(`01-${TRACE_ID}-${SPAN_ID}-01-more`).traceId).toBe(TRACE_ID);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${TRACE_ID}-${SPAN_ID}`,
  ])('GC-19 starts a trace where there is none to go on with: %s', (header) => {
    const trace = continueTrace(header);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(TRACE_ID);
    expect(toTraceparent(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});
