// Composition root of a media handler worker: a process per core that forwards media and nothing else.
import process from 'node:process';
import { systemClock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import { EndedTransports } from '../handler/EndedTransports.ts';
import { HandlerWorker } from '../handler/HandlerWorker.ts';
import { handlerWorkerConfigSchema } from '../ipc/config.ts';
import type { HandlerAgentCalls, HandlerCalls, HandlerWorkerConfig } from '../ipc/protocol.ts';
import { openListeners } from './openListeners.ts';
import { startWorker } from './startWorker.ts';

/** Path of the media session's URL; any other is answered with 404. */
const MEDIA_PATH = '/media';
/** Over which the rates of streams are measured. */
const RATE_INTERVAL_MS = 1_000;

await startWorker<HandlerWorkerConfig, HandlerAgentCalls, HandlerCalls>({
  configSchema: handlerWorkerConfigSchema,
  async start({ config, log, connect }) {
    const ended = new EndedTransports((transports) => {
      rpc.call('transportsEnded', { transports }).catch((error: unknown) => {
        log.warn('Ended transports could not be told', { transports: transports.length, error });
      });
    });
    const worker: HandlerWorker = await HandlerWorker.create({
      onQualityAlert: (alert) => {
        rpc
          .call('qualityAlert', alert)
          .catch((error: unknown) => log.warn('Quality alert not passed on', { error }));
      },
      limits: {
        maxRouters: config.maxRouters,
        maxConsumers: config.maxConsumers,
        maxTransports: config.transport.maxSessions,
        authTimeoutMs: config.authTimeoutMs,
      },
      clock: systemClock,
      log,
      newId: () => crypto.randomUUID(),
      onTransportEnded: (transport) => ended.add(transport),
      usage: () => {
        const { user, system } = process.cpuUsage();
        return { cpuUs: user + system, rssBytes: process.memoryUsage().rss };
      },
    });
    setInterval(() => worker.sampleRates(), RATE_INTERVAL_MS);
    const listeners = await openListeners(config, {
      onRequest: ({ path }) =>
        path.split('?')[0] === MEDIA_PATH ? { accept: true } : { accept: false, status: 404 },
      onSession: (session) => worker.accept(session),
    });
    const rpc = connect({
      ...worker.handlers(),
      stats: () => {
        const stats = worker.stats();
        return { ...stats, drops: { ...stats.drops, ...listeners.refusals() } };
      },
    });
    return {
      udpPort: listeners.udpPort,
      replaceCertificate: (certificatePem, privateKeyPem) =>
        listeners.replaceCertificate(certificatePem, privateKeyPem),
      replaceTcpCertificate: (certificatePem, privateKeyPem) =>
        listeners.replaceTcpCertificate(certificatePem, privateKeyPem),
      async stop(reason) {
        worker.close(CloseCode.goingAway, reason);
        await listeners.close(CloseCode.goingAway, reason);
      },
    };
  },
});
