// The real worker in Deno, driven by the agent's side of the IPC channel, with clients over real QUIC.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../infra/build/bundles.ts';
import { createCertificate, type NodeCertificate } from '../../media-node/agent/certificate.ts';
import { findDeno, WORKER_ENVIRONMENT } from '../../media-node/agent/deno.ts';
import { startWorkerProcess, type WorkerProcess } from '../../media-node/agent/WorkerProcess.ts';
import type { HandlerCalls, HandlerWorkerConfig } from '../../media-node/ipc/protocol.ts';
import { formatExposition } from '../../media-node/metrics/exposition.ts';
import { handlerMetrics } from '../../media-node/metrics/handlerMetrics.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../media-node/transport/MediaSession.ts';
import { workerSchema } from '../../shared/api/handler.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLogger } from '../../shared/base/log.ts';
import { FrameType } from '../../shared/frame/layout.ts';
import { frame, mediaStream } from '../unit/handler/meeting.ts';
import { parseExposition } from '../unit/metrics/parseExposition.ts';
import type { MediaClientsInput, MediaClientsOutput } from './fixtures/mediaClients.ts';

const HOST = '127.0.0.1';
const SUBSCRIBERS = 3;
const DATAGRAMS = 40;
const GRACE_MS = 3_000;

describe('the handler worker in Deno', () => {
  let directory: string;
  let denoPath: string;
  let certificate: NodeCertificate;
  let worker: WorkerProcess<HandlerCalls>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'handler-worker-'));
    await bundleForDeno(
      {
        handlerWorker: 'media-node/workers/handlerWorker.ts',
        mediaClients: 'test/integration/fixtures/mediaClients.ts',
      },
      directory,
    );
    const deno = findDeno(undefined);
    if (!deno.ok) throw new Error(deno.reason);
    denoPath = deno.value;
    certificate = await createCertificate([HOST], systemClock.epochMs());
    const config: HandlerWorkerConfig = {
      role: 'handler',
      workerId: 0,
      logFields: { handler_id: 'mh-test' },
      logLevel: 'info',
      hostname: HOST,
      udpPort: 0,
      certificatePem: certificate.certificatePem,
      privateKeyPem: certificate.privateKeyPem,
      transport: DEFAULT_TRANSPORT_LIMITS,
      maxRouters: 2,
      maxConsumers: 10,
      authTimeoutMs: 5_000,
    };
    worker = await startWorkerProcess<HandlerCalls, Record<never, never>>({
      name: 'handler worker',
      denoPath,
      script: join(directory, 'handlerWorker.js'),
      config,
      handlers: {},
      log: silentLogger,
      clock: systemClock,
      writeLogLine: () => undefined,
      signal: new AbortController().signal,
    });
  });

  afterAll(async () => {
    await worker?.stop('test is over', GRACE_MS);
    await rm(directory, { recursive: true, force: true });
  });

  async function runClients(input: MediaClientsInput): Promise<MediaClientsOutput> {
    const client = spawn(
      denoPath,
      [
        'run',
        '--no-prompt',
        '--no-config',
        '--no-remote',
        '--no-npm',
        '--unstable-net',
        '--allow-net',
        join(directory, 'mediaClients.js'),
      ],
      { env: WORKER_ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    client.stdin.end(JSON.stringify(input));
    return JSON.parse(await text(client.stdout)) as MediaClientsOutput;
  }

  it('MH-1 MH-2 MH-8 MC-7 MH-10 SFU-2 SFU-3 makes a router on request and forwards over QUIC, byte by byte, what the right clients send', async () => {
    await worker.call('createRouter', { router_id: 'r', meeting_id: 'm', generation: 1 });
    const users = Array.from({ length: 1 + SUBSCRIBERS }, (_, index) => index + 1);
    const { transports } = await worker.call('createTransports', {
      router_id: 'r',
      transports: users.map((userId) => ({ participant_id: `p-${userId}`, user_id: userId })),
    });
    const [publisher, ...subscribers] = transports;
    if (!publisher) throw new Error('No transports were made');
    const { producers } = await worker.call('createProducers', {
      router_id: 'r',
      producers: [{ transport_id: publisher.transport_id, stream_id: 10, kind: 'video' }],
    });
    await worker.call('createConsumers', {
      router_id: 'r',
      consumers: subscribers.map(({ transport_id }) => ({
        transport_id,
        producer_id: producers[0]?.producer_id ?? '',
      })),
    });

    const datagrams = Array.from({ length: DATAGRAMS }, (_, sequence) =>
      Buffer.from(frame(1, 10, { sequence, payloadLength: 20 * sequence })).toString('base64'),
    );
    const keyFrame = frame(1, 10, { type: FrameType.videoKey, payloadLength: 150_000 });
    const stream = Buffer.from(mediaStream(1, 10, [keyFrame])).toString('base64');
    const output = await runClients({
      url: `https://${HOST}:${worker.udpPort}/media`,
      wrongPathUrl: `https://${HOST}:${worker.udpPort}/elsewhere`,
      certificateHash: certificate.hash,
      publisherToken: publisher.connection_token,
      subscriberTokens: subscribers.map(({ connection_token }) => connection_token),
      datagrams,
      mediaStream: stream,
    });

    expect(output.wrongPathStatus).toBe(404);
    for (const received of output.datagrams) expect(received.toSorted()).toEqual(datagrams.toSorted());
    expect(output.streams).toEqual(subscribers.map(() => stream));
    expect(output.keyFrameRequests).toBeGreaterThan(0);
    expect(output.secondUse).toEqual({ refused: 'UNAUTHORIZED', code: 4401 });
    expect(output.oversized).toBe(4429);

    const stats = await worker.call('stats', null);
    expect(stats).toMatchObject({
      datagrams_in: DATAGRAMS,
      datagrams_out: DATAGRAMS * SUBSCRIBERS,
      drops: { tokenRefused: 1, messageOversized: 1, requestsRefused: 1 },
    });
    // Its sessions are over by now, or about to be; what the router counted of them stays.
    const { figures } = await worker.call('inspectRouter', { router_id: 'r' });
    expect(figures).toMatchObject({
      datagrams_in: DATAGRAMS,
      datagrams_out: DATAGRAMS * SUBSCRIBERS,
      bytes_out: stats.bytes_out,
      counters: { streamsReceived: 1, streamsIn: 1, streamsEnded: 1 },
      forwarded_by_hops: { 0: DATAGRAMS },
    });
    const body = { ...stats, worker_id: 0, pid: 1, udp_port: worker.udpPort, cpu_ratio: 0 };
    const series = parseExposition(formatExposition(handlerMetrics('mh-test', [workerSchema.parse(body)])));
    const labels = 'handler_id="mh-test",worker_id="0"';
    expect(series.get(`dark_tower_media_datagrams_in_total{${labels}}`)).toBe(String(DATAGRAMS));
    // One datagram in sixteen is timed.
    expect(series.get(`dark_tower_media_forwarding_seconds_bucket{${labels},le="+Inf"}`)).toBe('2');
    expect(series.has(`dark_tower_media_forwarding_last_minute_seconds{${labels},quantile="0.999"}`)).toBe(
      true,
    );
    await expect(
      worker.call('createRouter', { router_id: 'r', meeting_id: 'm', generation: 1 }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    await worker.call('closeRouter', { router_id: 'r' });
    expect(await worker.call('stats', null)).toMatchObject({ routers: 0, producers: 0, consumers: 0 });
  });

  it('ends within its grace and leaves no port behind', async () => {
    await worker.stop('test is over', GRACE_MS);
    expect(await worker.exited).toMatchObject({ code: 0, signal: null });
    expect(worker.running).toBe(false);
  });
});
