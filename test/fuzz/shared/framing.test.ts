import { describe, expect, it } from 'vitest';
import { encodeFramed, FramedReader } from '../../../shared/signaling/framing.ts';
import { concat, everyCase, hostileInput, type Random } from './inputs.ts';

const MAX_BYTES = 200;

/** Largest buffer made by length while `work` runs. */
function largestAllocation(work: () => void): number {
  const original = globalThis.Uint8Array;
  let largest = 0;
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, args: [unknown], newTarget) {
      if (typeof args[0] === 'number') largest = Math.max(largest, args[0]);
      return Reflect.construct(target, args, newTarget === globalThis.Uint8Array ? target : newTarget);
    },
  });
  try {
    work();
  } finally {
    globalThis.Uint8Array = original;
  }
  return largest;
}

function cut(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(random.below(2) === 0 ? 4 : 100);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** What a reader that has everything at once finds: the messages, and why it stopped. */
function reference(bytes: Uint8Array): { messages: string[]; fault: string | undefined } {
  const messages: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (length > MAX_BYTES) return { messages, fault: 'oversized' };
    if (length === 0) return { messages, fault: 'empty' };
    if (at + 4 + length > bytes.length) break;
    messages.push(bytes.subarray(at + 4, at + 4 + length).toString());
    at += 4 + length;
  }
  return { messages, fault: undefined };
}

describe('FramedReader under hostile input', () => {
  it('MH-10 finds what a reader of the whole stream finds, however it is cut, and nothing after a fault', () => {
    const streams = [[1], [1, 2, 3], [MAX_BYTES], [50, MAX_BYTES, 1]].map((lengths) =>
      concat(...lengths.map((length) => encodeFramed(new Uint8Array(length).fill(length)))),
    );
    const faults = new Map<string | undefined, number>();
    everyCase(5, (random) => {
      const bytes = hostileInput(random, streams, 3 * MAX_BYTES);
      const expected = reference(bytes);
      const reader = new FramedReader(MAX_BYTES);
      const messages: string[] = [];
      for (const chunk of cut(random, bytes))
        reader.push(chunk, (message) => messages.push(message.toString()));
      if (reader.fault !== expected.fault) throw new Error(`fault ${reader.fault}, not ${expected.fault}`);
      if (messages.join(';') !== expected.messages.join(';')) throw new Error('other messages');
      faults.set(reader.fault, (faults.get(reader.fault) ?? 0) + 1);
    });
    expect([...faults.keys()].map(String).sort()).toEqual(['empty', 'oversized', 'undefined']);
  }, 60_000);

  it('MH-10 makes no buffer larger than its bound, whatever length is announced', () => {
    const largest = largestAllocation(() => {
      everyCase(
        6,
        (random) => {
          const reader = new FramedReader(MAX_BYTES);
          const announced = [0, 0, random.below(2), random.below(256)];
          reader.push(random.below(2) === 0 ? Uint8Array.from(announced) : random.bytes(4), () => undefined);
        },
        20_000,
      );
    });
    expect(largest).toBe(MAX_BYTES);
  });

  it('MH-10 has the check of allocations see one that is too large', () => {
    const reader = new FramedReader(2 ** 20);
    expect(largestAllocation(() => reader.push(Uint8Array.of(0, 8, 0, 0), () => undefined))).toBe(2 ** 19);
  });
});
