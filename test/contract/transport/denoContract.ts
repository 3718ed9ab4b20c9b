// Runs in the Deno binary: the contract's cases over real QUIC on loopback.
import process from 'node:process';
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { listenQuic } from '../../../media-node/transport/deno/listen.ts';
import { DEFAULT_TRANSPORT_LIMITS, type MediaSession } from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { CASES } from './cases.ts';
import { type ContractPair, type Harness, runCase } from './harness.ts';
import { hashBytes, readInput, reportCases } from './inDeno.ts';

const CASE_TIMEOUT_MS = 10_000;
const REFUSED = /^\/refused\/(\d+)$/;

async function main(): Promise<void> {
  const input = await readInput();
  const waiting: ((session: MediaSession) => void)[] = [];
  const listener = await listenQuic({
    hostname: '127.0.0.1',
    port: input.port,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits: DEFAULT_TRANSPORT_LIMITS,
    gate: new AddressGate(DEFAULT_TRANSPORT_LIMITS, systemClock),
    onRequest: ({ path }) => {
      const status = REFUSED.exec(path)?.[1];
      return status === undefined ? { accept: true } : { accept: false, status: Number(status) };
    },
    onSession: (session) => waiting.shift()?.(session),
  });
  const dial = (path: string): Promise<MediaSession> =>
    dialSession({
      url: `https://127.0.0.1:${listener.port}${path}`,
      certificateHashes: [hashBytes(input.hash)],
      limits: DEFAULT_TRANSPORT_LIMITS,
    });
  const harness: Harness = {
    // Deno cannot send RESET_STREAM at all, nor a code with STOP_SENDING.
    capabilities: new Set(['refusal']),
    maxIncomingStreams: DEFAULT_TRANSPORT_LIMITS.maxIncomingStreams,
    maxDatagramsInFlight: DEFAULT_TRANSPORT_LIMITS.maxDatagramsInFlight,
    connect: async (path = '/'): Promise<ContractPair> => {
      const accepted = new Promise<MediaSession>((resolve) => waiting.push(resolve));
      const client = await dial(path);
      return { client, server: await accepted };
    },
    connectRefused: (status) => dial(`/refused/${status}`),
  };
  const runnable = CASES.filter(({ needs }) => needs === undefined || harness.capabilities.has(needs));
  await reportCases(
    runnable.map((contractCase) => ({
      name: contractCase.name,
      run: () => runCase(contractCase, harness, CASE_TIMEOUT_MS),
    })),
  );
  await listener.close(0, '');
  process.exit(0);
}

await main();
