// Runs in the Deno binary: the contract's cases over real QUIC on loopback. Gets its certificate as one line of JSON on
// standard input and writes one line of JSON for each case.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { listenQuic } from '../../../media-node/transport/deno/listen.ts';
import { DEFAULT_TRANSPORT_LIMITS, type MediaSession } from '../../../media-node/transport/MediaSession.ts';
import { CASES } from './cases.ts';
import { type ContractPair, type Harness, runCase } from './harness.ts';
import type { CaseResult, ContractInput } from './report.ts';

const CASE_TIMEOUT_MS = 10_000;
const REFUSED = /^\/refused\/(\d+)$/;

async function main(): Promise<void> {
  const input = JSON.parse(await firstLine()) as ContractInput;
  const waiting: ((session: MediaSession) => void)[] = [];
  const listener = await listenQuic({
    hostname: '127.0.0.1',
    port: input.port,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits: DEFAULT_TRANSPORT_LIMITS,
    onRequest: ({ path }) => {
      const status = REFUSED.exec(path)?.[1];
      return status === undefined ? { accept: true } : { accept: false, status: Number(status) };
    },
    onSession: (session) => waiting.shift()?.(session),
  });
  const dial = (path: string): Promise<MediaSession> =>
    dialSession({
      url: `https://127.0.0.1:${listener.port}${path}`,
      certificateHashes: [Uint8Array.from(atob(input.hash), (character) => character.charCodeAt(0))],
      limits: DEFAULT_TRANSPORT_LIMITS,
    });
  const harness: Harness = {
    // Deno cannot send RESET_STREAM at all, nor a code with STOP_SENDING.
    capabilities: new Set(['refusal']),
    maxIncomingStreams: DEFAULT_TRANSPORT_LIMITS.maxIncomingStreams,
    connect: async (path = '/'): Promise<ContractPair> => {
      const accepted = new Promise<MediaSession>((resolve) => waiting.push(resolve));
      const client = await dial(path);
      return { client, server: await accepted };
    },
    connectRefused: (status) => dial(`/refused/${status}`),
  };
  for (const contractCase of CASES) {
    if (contractCase.needs !== undefined && !harness.capabilities.has(contractCase.needs)) continue;
    const error = await runCase(contractCase, harness, CASE_TIMEOUT_MS).then(
      () => undefined,
      (failure: unknown) => (failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)),
    );
    report(error === undefined ? { name: contractCase.name } : { name: contractCase.name, error });
  }
  await listener.close(0, '');
  process.exit(0);
}

function report(result: CaseResult): void {
  console.log(JSON.stringify(result));
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new Error('Standard input ended before the configuration');
}

await main();
