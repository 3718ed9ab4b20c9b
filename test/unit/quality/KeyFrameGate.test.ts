import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_FRAME_INTERVAL_MS, KeyFrameGate } from '../../../media-node/quality/KeyFrameGate.ts';

describe('KeyFrameGate', () => {
  it('lets the first request through at once', () => {
    expect(new KeyFrameGate().request(0)).toEqual({ kind: 'send' });
  });

  it('makes requests within an interval one, at the end of the interval', () => {
    const gate = new KeyFrameGate();
    gate.request(1_000);
    expect(gate.request(1_100)).toEqual({ kind: 'wait', delayMs: KEY_FRAME_INTERVAL_MS - 100 });
    expect(gate.request(1_200)).toEqual({ kind: 'coalesced' });
    gate.waited(1_300);
    expect(gate.request(1_301)).toEqual({ kind: 'wait', delayMs: KEY_FRAME_INTERVAL_MS - 1 });
  });

  it('lets a request through again once the interval has passed', () => {
    const gate = new KeyFrameGate();
    gate.request(0);
    expect(gate.request(KEY_FRAME_INTERVAL_MS)).toEqual({ kind: 'send' });
  });

  it('never sends two within an interval and never loses the last request, whenever requests come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 100 }), (gaps) => {
        const gate = new KeyFrameGate();
        const sentAt: number[] = [];
        let dueAt: number | undefined;
        let now = 0;
        const fireUntil = (time: number): void => {
          if (dueAt === undefined || dueAt > time) return;
          gate.waited(dueAt);
          sentAt.push(dueAt);
          dueAt = undefined;
        };
        for (const gap of gaps) {
          now += gap;
          fireUntil(now);
          const decision = gate.request(now);
          if (decision.kind === 'send') sentAt.push(now);
          else if (decision.kind === 'wait') dueAt = now + decision.delayMs;
        }
        const lastRequestAt = now;
        fireUntil(Number.POSITIVE_INFINITY);
        for (const [index, at] of sentAt.entries())
          expect(at - (sentAt[index - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(
            KEY_FRAME_INTERVAL_MS,
          );
        expect(sentAt.at(-1)).toBeGreaterThanOrEqual(lastRequestAt);
      }),
    );
  });
});
