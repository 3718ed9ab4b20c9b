// What a node says of itself to the global controller, role by role (ledger GC-1, GC-2, GC-9).
import type {
  Health,
  Heartbeat,
  MediaHandlerLoadReport,
  RegisterMediaHandler,
  RegisterMeetingController,
} from '../../shared/api/node.ts';
import type { ControllerStats } from '../ipc/protocol.ts';
import type { MediaNodeConfig } from './config.ts';
import type { NodeLoad } from './WorkerPool.ts';

/** A meeting controller says that it lives this often (ledger GC-9). */
export const HEARTBEAT_INTERVAL_MS = 10_000;
/** Every third heartbeat carries the figures (ledger GC-9: every 30 s). */
const HEARTBEATS_PER_FULL_ONE = 3;
/** A load report is due at least this often: without one for 30 s a handler counts as unhealthy (ledger GC-3). */
export const MAX_REPORT_INTERVAL_MS = 10_000;

export interface Addresses {
  readonly webtransportUrl: string;
  readonly internalUrl: string;
  readonly certificateHashes: readonly string[];
}

export function handlerRegistration(config: MediaNodeConfig, addresses: Addresses): RegisterMediaHandler {
  return {
    handler_id: config.nodeId,
    ...nodeFields(config, addresses),
    capacity: {
      max_streams: config.handlerWorkers * config.maxConsumers,
      max_bandwidth_bps: config.maxBandwidthBps,
    },
  };
}

export function controllerRegistration(
  config: MediaNodeConfig,
  addresses: Addresses,
): RegisterMeetingController {
  return {
    controller_id: config.nodeId,
    ...nodeFields(config, addresses),
    max_meetings: config.maxMeetings,
  };
}

export function loadReport(
  config: MediaNodeConfig,
  load: NodeLoad,
  draining: boolean,
): MediaHandlerLoadReport {
  return {
    handler_id: config.nodeId,
    health: handlerHealth(load, draining),
    streams: load.streams,
    cpu_ratio: load.cpuRatio,
    bandwidth_in_bps: load.bandwidthInBps,
    bandwidth_out_bps: load.bandwidthOutBps,
    packet_loss_ratio: load.packetLossRatio,
  };
}

/** `count` heartbeats were sent before. `stats` is undefined when the controller worker does not answer. */
export function heartbeat(
  config: MediaNodeConfig,
  count: number,
  stats: (Pick<ControllerStats, 'meetings' | 'participants'> & { readonly cpuRatio: number }) | undefined,
  draining: boolean,
): Heartbeat {
  const light: Heartbeat = {
    controller_id: config.nodeId,
    health: draining ? 'DRAINING' : stats === undefined ? 'UNHEALTHY' : 'HEALTHY',
  };
  if (stats === undefined || count % HEARTBEATS_PER_FULL_ONE !== 0) return light;
  return {
    ...light,
    meetings: stats.meetings,
    participants: stats.participants,
    cpu_ratio: stats.cpuRatio,
  };
}

function handlerHealth(load: NodeLoad, draining: boolean): Health {
  if (draining) return 'DRAINING';
  if (load.workersRunning === 0) return 'UNHEALTHY';
  return load.workersRunning < load.workersConfigured ? 'DEGRADED' : 'HEALTHY';
}

function nodeFields(config: MediaNodeConfig, addresses: Addresses) {
  return {
    region: config.region,
    zone: config.zone,
    webtransport_url: addresses.webtransportUrl,
    internal_url: addresses.internalUrl,
    certificate_hashes: [...addresses.certificateHashes],
  };
}
