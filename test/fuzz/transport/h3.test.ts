// Random, truncated and mutated input for everything that reads what a peer sends before it is known to be anybody.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectStreamReader } from '../../../media-node/transport/h3/ConnectStreamReader.ts';
import { ControlStreamReader } from '../../../media-node/transport/h3/ControlStreamReader.ts';
import { decodeCloseCapsule } from '../../../media-node/transport/h3/capsule.ts';
import { Bounds } from '../../../media-node/transport/h3/constants.ts';
import { type H3Fault, H3Faults } from '../../../media-node/transport/h3/fault.ts';
import { decodeFieldSection, type Field } from '../../../media-node/transport/h3/qpack.ts';
import { readConnectRequest, readStatus } from '../../../media-node/transport/h3/request.ts';
import { decodeSettings } from '../../../media-node/transport/h3/settings.ts';
import { StreamPrefixReader } from '../../../media-node/transport/h3/streamPrefix.ts';
import { TlvReader } from '../../../media-node/transport/h3/TlvReader.ts';
import { CHROMIUM_CONNECT, CHROMIUM_CONTROL_STREAM, hex } from '../../unit/transport/h3/golden.ts';

const RUNS = 3_000;
const FAULTS: ReadonlySet<H3Fault> = new Set(Object.values(H3Faults));
const VALID: readonly Uint8Array[] = [
  CHROMIUM_CONNECT,
  CHROMIUM_CONTROL_STREAM.subarray(1),
  CHROMIUM_CONNECT.subarray(3),
  hex('000a68430700000fa1627965'),
  new Uint8Array([...CHROMIUM_CONNECT, ...hex('000a68430700000fa1627965')]),
];

/** Valid input with some bytes changed, cut at some place, with something behind it. */
const mutated = fc
  .record({
    bytes: fc.constantFrom(...VALID),
    changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    cut: fc.nat(),
    tail: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ bytes, changes, cut, tail }) => {
    const kept = bytes.slice(0, 1 + (cut % bytes.length));
    for (const [at, value] of changes) kept[at % kept.length] = value;
    return new Uint8Array([...kept, ...tail]);
  });
const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated);
const chunks = fc.array(input, { maxLength: 5 });

function expectFields(fields: readonly Field[]): void {
  expect(fields.length).toBeLessThanOrEqual(Bounds.fields);
  const bytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  expect(bytes).toBeLessThanOrEqual(Bounds.fieldSectionBytes);
  const request = readConnectRequest(fields);
  if (request.ok) expect(request.value.path).toMatch(/^\/[!-~]*$/);
  else expect(request.reason.status).toBeGreaterThanOrEqual(400);
  readStatus(fields);
}

describe('HTTP/3 under malformed input', () => {
  it('MH-10 answers any CONNECT stream with fields, a close or a fault, within the bounds', () => {
    fc.assert(
      fc.property(chunks, (pieces) => {
        let sections = 0;
        let closes = 0;
        const reader = new ConnectStreamReader({
          onFields: (fields) => {
            sections++;
            expectFields(fields);
          },
          onClose: (close) => {
            closes++;
            expect(close.reason.length).toBeLessThanOrEqual(1_024);
          },
        });
        for (const piece of pieces) {
          const fault = reader.push(piece);
          if (fault !== undefined) expect(FAULTS).toContain(fault);
        }
        const end = reader.end();
        if (end !== undefined) expect(FAULTS).toContain(end);
        expect(sections).toBeLessThanOrEqual(1);
        expect(closes).toBeLessThanOrEqual(1);
      }),
      { numRuns: RUNS },
    );
  });

  it('MH-10 answers any control stream with settings or a fault', () => {
    fc.assert(
      fc.property(chunks, (pieces) => {
        const reader = new ControlStreamReader((settings) => {
          expect(settings.size).toBeLessThanOrEqual(Bounds.settings);
        });
        for (const piece of pieces) {
          const fault = reader.push(piece);
          if (fault !== undefined) expect(FAULTS).toContain(fault);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('MH-10 answers any header section, settings frame, capsule and stream prefix', () => {
    fc.assert(
      fc.property(input, (bytes) => {
        const fields = decodeFieldSection(bytes);
        if (fields.ok) expectFields(fields.value);
        else expect(FAULTS).toContain(fields.reason);
        for (const result of [decodeSettings(bytes), decodeCloseCapsule(bytes)])
          if (!result.ok) expect(FAULTS).toContain(result.reason);
        for (const direction of ['unidirectional', 'bidirectional'] as const) {
          const prefix = new StreamPrefixReader(direction).push(bytes);
          if (prefix !== undefined) expect(prefix.bytesTaken).toBeLessThanOrEqual(Math.min(bytes.length, 16));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('MH-10 holds no more than what it was allowed to gather, whatever lengths are announced', () => {
    const bound = 100;
    fc.assert(
      fc.property(chunks, (pieces) => {
        const reader = new TlvReader({
          plan: (type, length) =>
            type % 3 === 0
              ? 'skip'
              : type % 3 === 1
                ? 'stream'
                : length > bound
                  ? H3Faults.frameTooLarge
                  : 'gather',
          onValue: (_type, value) => {
            expect(value.buffer.byteLength).toBeLessThanOrEqual(bound);
            return undefined;
          },
          onPiece: (_type, piece) => {
            expect(piece.length).toBeGreaterThan(0);
            return undefined;
          },
        });
        for (const piece of pieces) reader.push(piece);
      }),
      { numRuns: RUNS },
    );
  });
});
