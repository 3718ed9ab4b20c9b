// A real worker process, as the agent runs it, for a bench that speaks to it itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleForDeno } from '../../../infra/build/bundles.ts';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { freePort } from '../../../media-node/agent/ports.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../media-node/agent/WorkerProcess.ts';
import type {
  HandlerAgentCalls,
  HandlerCalls,
  HandlerWorkerConfig,
} from '../../../media-node/ipc/protocol.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import type { QualityAlert } from '../../../shared/api/handler.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { denoPath } from '../../support/deno.ts';

export const BENCH_HOST = '127.0.0.1';
const GRACE_MS = 3_000;
/** Wide enough for every case: what is measured is the packet path, not the limits. */
const TRANSPORT = { ...DEFAULT_TRANSPORT_LIMITS, maxSessionsPerAddress: 0, handshakesPerSecondPerAddress: 0 };
const LIMITS = { maxRouters: 2_000, maxConsumers: 20_000 };

export interface BenchWorker {
  readonly process: WorkerProcess<HandlerCalls>;
  readonly certificate: NodeCertificate;
  /** Where the bench's scripts were bundled, by their names. */
  readonly directory: string;
  /** Ends the process and removes the bundles. */
  stop(): Promise<void>;
}

/**
 * Starts a worker; `scripts` (name to path) are bundled beside it, `handlerWorker` in its place. Log lines go to `onLine`. With
 * `tcp` it takes sessions over TCP as well, with the same certificate.
 */
export async function startBenchWorker(
  scripts: Readonly<Record<string, string>>,
  onLine: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  onQualityAlert: (alert: QualityAlert) => void = () => undefined,
  tcp = false,
): Promise<BenchWorker> {
  const directory = await mkdtemp(join(tmpdir(), 'dark-tower-bench-'));
  await bundleForDeno({ handlerWorker: 'media-node/workers/handlerWorker.ts', ...scripts }, directory);
  const certificate = await createCertificate([BENCH_HOST], systemClock.epochMs());
  const config: HandlerWorkerConfig = {
    role: 'handler',
    workerId: 0,
    logFields: { handler_id: 'mh-bench' },
    logLevel: 'warn',
    hostname: BENCH_HOST,
    udpPort: tcp ? await freePort(BENCH_HOST) : 0,
    certificatePem: certificate.certificatePem,
    privateKeyPem: certificate.privateKeyPem,
    ...(tcp && {
      tcpCertificate: {
        certificatePem: certificate.certificatePem,
        privateKeyPem: certificate.privateKeyPem,
      },
    }),
    transport: TRANSPORT,
    authTimeoutMs: 5_000,
    ...LIMITS,
  };
  const worker = await startWorkerProcess<HandlerCalls, HandlerAgentCalls>({
    name: 'handler worker',
    denoPath: denoPath(),
    script: join(directory, 'handlerWorker.js'),
    config,
    handlers: {
      transportsEnded: () => null,
      qualityAlert: (alert) => {
        onQualityAlert(alert);
        return null;
      },
    },
    log: silentLogger,
    clock: systemClock,
    writeLogLine: onLine,
    signal: new AbortController().signal,
  });
  return {
    process: worker,
    certificate,
    directory,
    async stop() {
      await worker.stop('bench is over', GRACE_MS);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
