// Composition root of the meeting controller's worker: the only file of the controller that runs in Deno alone.
import process from 'node:process';
import { systemClock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import { AgentMediaPlane } from '../controller/AgentMediaPlane.ts';
import type { ControlPlane } from '../controller/ControlPlane.ts';
import { MeetingController } from '../controller/MeetingController.ts';
import { controllerWorkerConfigSchema } from '../ipc/config.ts';
import type { AgentCalls, ControllerCalls, ControllerWorkerConfig } from '../ipc/protocol.ts';
import { openListeners } from './openListeners.ts';
import { startWorker } from './startWorker.ts';

const SIGNALING_PATH = '/signaling';
/** How often time-outs are looked at; they are exact to this. */
const TICK_MS = 1_000;
/** What closing participants' transports and routers may take when the worker stops; it has two seconds in all. */
const CLEANUP_TIMEOUT_MS = 900;

await startWorker<ControllerWorkerConfig, AgentCalls, ControllerCalls>({
  configSchema: controllerWorkerConfigSchema,
  start: async ({ config, log, connect }) => {
    const plane = new AgentMediaPlane((request) => rpc.call('handlerRequest', request));
    const controlPlane: ControlPlane = {
      replaceHandlers: (request) => rpc.call('replaceHandlers', request),
      hostMuted: (notice) => rpc.call('hostMuted', notice),
      meetingEnded: (notice) => rpc.call('meetingEnded', notice),
    };
    const controller = new MeetingController({ ...config, plane, controlPlane, clock: systemClock, log });
    const rpc = connect({
      assignMeeting: (assignment) => controller.assignMeeting(assignment),
      endMeeting: (ending) => controller.endMeeting(ending),
      updateMeetingConfig: (update) => controller.meetings.updateConfig(update),
      superseded: ({ meetings }) => {
        controller.meetings.superseded(meetings);
        return null;
      },
      removeParticipant: (removal) => controller.meetings.removeParticipant(removal),
      listParticipants: (question) => controller.meetings.listParticipants(question),
      presence: () => ({ meetings: controller.meetings.presence() }),
      routersLost: (lost) => controller.routersLost(lost),
      transportsLost: (lost) => controller.meetings.transportsLost(lost),
      qualityAlerts: (alerts) => controller.meetings.qualityAlerts(alerts),
      setSigningKeys: ({ signing_keys_json }) => {
        controller.setSigningKeys(signing_keys_json);
        return null;
      },
      stats: () => {
        const cpu = process.cpuUsage();
        return {
          meetings: controller.meetings.served,
          participants: controller.meetings.participants,
          cpu_us: cpu.user + cpu.system,
          rss_bytes: process.memoryUsage().rss,
          refusals: { ...controller.refusals.byName(), ...listeners.refusals() },
        };
      },
    });
    const listeners = await openListeners(config, {
      onRequest: ({ path }) =>
        path.split('?', 1)[0] === SIGNALING_PATH ? { accept: true } : { accept: false, status: 404 },
      onSession: (session) => controller.accept(session),
    });
    const ticking = setInterval(() => controller.tick(), TICK_MS);
    return {
      udpPort: listeners.udpPort,
      replaceCertificate: (certificatePem, privateKeyPem) =>
        listeners.replaceCertificate(certificatePem, privateKeyPem),
      replaceTcpCertificate: (certificatePem, privateKeyPem) =>
        listeners.replaceTcpCertificate(certificatePem, privateKeyPem),
      stop: async (reason) => {
        clearInterval(ticking);
        const { promise: expired, resolve } = Promise.withResolvers<void>();
        setTimeout(resolve, CLEANUP_TIMEOUT_MS);
        await Promise.race([controller.stop(reason), expired]);
        await listeners.close(CloseCode.goingAway, reason);
      },
    };
  },
});
