import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MediaNodeConfig, readConfig } from '../../../media-node/agent/config.ts';
import { GlobalController } from '../../../media-node/agent/GlobalController.ts';
import { Registration } from '../../../media-node/agent/Registration.ts';
import {
  type Addresses,
  controllerRegistration,
  handlerRegistration,
  heartbeat,
  loadReport,
} from '../../../media-node/agent/roles.ts';
import type { NodeLoad } from '../../../media-node/agent/WorkerPool.ts';
import type { NodeAnswer } from '../../../shared/api/node.ts';
import { gcPaths } from '../../../shared/api/paths.ts';
import { ENV } from '../../../shared/base/env.ts';
import { createLogger } from '../../../shared/base/log.ts';
import { Secret } from '../../../shared/base/secret.ts';
import { FakeGlobalController } from './fixtures/FakeGlobalController.ts';

const ADDRESSES: Addresses = {
  webtransportUrl: 'https://203.0.113.9:4433/media',
  internalUrl: 'https://10.0.0.5:8443',
  certificateHashes: [`${'A'.repeat(43)}=`],
};
const LOAD: NodeLoad = {
  streams: 42,
  cpuRatio: 0.25,
  bandwidthInBps: 3_000_000_000,
  bandwidthOutBps: 9_000_000_000,
  packetLossRatio: 0.01,
  workersRunning: 2,
  workersConfigured: 2,
};
const REGISTER = gcPaths.mediaHandlers;
const REPORT = gcPaths.loadReports('node-1');

let fake: FakeGlobalController;
let port: number;
let globalController: GlobalController;
let config: MediaNodeConfig;
const logLines: string[] = [];
const log = createLogger({ level: 'debug', write: (line) => logLines.push(line) });
const registrations: Registration[] = [];
const answers: NodeAnswer[] = [];

beforeEach(async () => {
  answers.length = 0;
  logLines.length = 0;
  fake = new FakeGlobalController();
  port = await fake.listen();
  globalController = new GlobalController({
    url: `http://127.0.0.1:${port}`,
    token: new Secret('service-token'),
    timeoutMs: 2_000,
  });
  const read = readConfig({
    [ENV.nodeId]: 'node-1',
    [ENV.roles]: 'controller,handler',
    [ENV.region]: 'eu-1',
    [ENV.zone]: 'eu-1a',
    [ENV.nodeToken]: 'service-token',
    [ENV.globalControllerUrl]: `http://127.0.0.1:${port}`,
    [ENV.publicHost]: '203.0.113.9',
    [ENV.internalHost]: '10.0.0.5',
    [ENV.workerDirectory]: 'dist/workers',
    [ENV.workers]: '2',
    [ENV.maxBandwidthBps]: '10000000000',
  });
  if (!read.ok) throw new Error(read.reason);
  config = read.value;
});
afterEach(async () => {
  globalController.close();
  await Promise.all(registrations.splice(0).map((registration) => registration.stop()));
  await fake.close().catch(() => undefined);
});

function handler(load: () => NodeLoad = () => LOAD): Registration {
  const registration = new Registration({
    name: 'Media handler "node-1"',
    register: () => globalController.registerMediaHandler(handlerRegistration(config, ADDRESSES)),
    report: () => globalController.reportLoad(loadReport(config, load(), false)),
    onAnswer: (answer) => answers.push(answer),
    maxIntervalMs: 10_000,
    log,
    backoff: { firstMs: 2, maxMs: 10 },
  });
  registrations.push(registration);
  return registration;
}

describe('registration with the global controller', () => {
  it('GC-1 GC-2 registers, reports at once and then at the interval that it is told', async () => {
    await handler().start();
    await expect.poll(() => fake.paths().length).toBeGreaterThan(4);
    expect(fake.paths().slice(0, 4)).toEqual([REGISTER, REPORT, REPORT, REPORT]);
    expect(fake.received.every(({ authorization }) => authorization === 'Bearer service-token')).toBe(true);
    expect(fake.received[0]?.message).toEqual({
      handler_id: 'node-1',
      region: 'eu-1',
      zone: 'eu-1a',
      webtransport_url: 'https://203.0.113.9:4433/media',
      internal_url: 'https://10.0.0.5:8443',
      certificate_hashes: ADDRESSES.certificateHashes,
      capacity: { max_streams: 1_000, max_bandwidth_bps: 10_000_000_000 },
    });
    expect(fake.received[1]?.message).toEqual({
      handler_id: 'node-1',
      health: 'HEALTHY',
      streams: 42,
      cpu_ratio: 0.25,
      bandwidth_in_bps: 3_000_000_000,
      bandwidth_out_bps: 9_000_000_000,
      packet_loss_ratio: 0.01,
    });
    expect(answers[0]).toEqual({
      signing_keys_json: '{"keys":[]}',
      node_token: 'token-1',
      report_interval_ms: 5,
    });
  });

  it('GC-2 registers again when the global controller does not know it any more', async () => {
    await handler().start();
    fake.received.length = 0;
    fake.forget();
    await expect.poll(() => fake.paths()).toContain(REGISTER);
    const again = fake.paths().indexOf(REGISTER);
    expect(fake.paths()[again - 1]).toBe(REPORT);
    await expect.poll(() => fake.paths().slice(again)).toContain(REPORT);
  });

  it('GC-2 goes on after the global controller was away, and starts while it is', async () => {
    await fake.close();
    const started = handler().start();
    await expect
      .poll(() => logLines.filter((line) => line.includes('does not take')).length)
      .toBeGreaterThan(2);
    await fake.listen(port);
    await started;
    const before = fake.received.length;
    await fake.close();
    await expect.poll(() => logLines.at(-1)).toContain('No answer from the global controller');
    await fake.listen(port);
    await expect.poll(() => fake.received.length).toBeGreaterThan(before);
  });

  it('GC-2 tries again while the global controller answers with errors of its own', async () => {
    let refusals = 3;
    fake.refusal = () => (refusals-- > 0 ? 'INTERNAL_ERROR' : undefined);
    await handler().start();
    expect(fake.paths().slice(0, 5)).toEqual([REGISTER, REGISTER, REGISTER, REGISTER, REPORT]);
  });

  it.each(['UNAUTHORIZED', 'INVALID_REQUEST'] as const)(
    'GC-1 fails, saying why, when the first registration is refused as %s',
    async (code) => {
      fake.refusal = () => code;
      await expect(handler().start()).rejects.toThrow(
        `Media handler "node-1" cannot register. The global controller answered ${code === 'UNAUTHORIZED' ? 401 : 400}: Refused as ${code}`,
      );
      expect(fake.received).toHaveLength(1);
    },
  );

  it('GC-2 keeps trying when it is refused after it was registered', async () => {
    await handler().start();
    let refusals = 3;
    fake.refusal = () => (refusals-- > 0 ? 'UNAUTHORIZED' : undefined);
    const before = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(before);
    expect(refusals).toBeLessThan(0);
  });

  it('MH-10 takes an answer that is none as a failure and tries again', async () => {
    fake.rawAnswer = Buffer.from([0xff, 0x01, 0x02]);
    const started = handler().start();
    await expect.poll(() => logLines.at(-1)).toContain('is not a NodeAnswer');
    fake.rawAnswer = Buffer.alloc(100_000);
    await expect.poll(() => logLines.at(-1)).toContain('more than 65536 bytes');
    fake.rawAnswer = undefined;
    await started;
  });

  it('GC-1 registers again at once when what it registered has changed', async () => {
    fake.reportIntervalMs = 3_600_000;
    const registration = handler();
    await registration.start();
    registration.registerAgain();
    await expect.poll(() => fake.paths()).toEqual([REGISTER, REPORT, REGISTER, REPORT]);
  });

  it('GC-2 reports at once when the health changed', async () => {
    fake.reportIntervalMs = 3_600_000;
    let workersRunning = 2;
    const registration = handler(() => ({ ...LOAD, workersRunning }));
    await registration.start();
    for (const [running, health] of [[1, 'DEGRADED'] as const, [0, 'UNHEALTHY'] as const]) {
      workersRunning = running;
      registration.reportNow();
      await expect.poll(() => fake.received.at(-1)?.message).toMatchObject({ health });
    }
  });

  it('says farewell once, and nothing after it', async () => {
    const registration = handler();
    await registration.start();
    await registration.farewell();
    const count = fake.received.length;
    await registration.farewell();
    await registration.stop();
    expect(fake.received).toHaveLength(count);
  });

  it('GC-10 never writes the service token to a log', async () => {
    fake.refusal = () => 'UNAUTHORIZED';
    await handler()
      .start()
      .catch((error: unknown) => logLines.push(inspect(error, { depth: 10 })));
    expect(logLines.join('\n')).not.toContain('service-token');
  });
});

describe('what a node reports', () => {
  it('GC-9 sends light heartbeats, every third a full one', () => {
    const stats = { meetings: 3, participants: 9, cpu_us: 1, rss_bytes: 1, cpuRatio: 0.5 };
    const full = [0, 1, 2, 3].map((count) => 'meetings' in heartbeat(config, count, stats, false));
    expect(full).toEqual([true, false, false, true]);
    expect(heartbeat(config, 0, stats, false)).toEqual({
      controller_id: 'node-1',
      health: 'HEALTHY',
      meetings: 3,
      participants: 9,
      cpu_ratio: 0.5,
    });
    expect(heartbeat(config, 0, undefined, false)).toEqual({ controller_id: 'node-1', health: 'UNHEALTHY' });
    expect(heartbeat(config, 1, stats, true).health).toBe('DRAINING');
  });

  it('GC-9 registers a controller and sends its heartbeats as protobuf', async () => {
    await globalController.registerMeetingController(controllerRegistration(config, ADDRESSES));
    await globalController.heartbeat({ controller_id: 'node-1', health: 'HEALTHY', meetings: 0 });
    await globalController.heartbeat({ controller_id: 'node-1', health: 'DRAINING' });
    expect(fake.received.map(({ path, message }) => ({ path, message }))).toEqual([
      {
        path: gcPaths.meetingControllers,
        message: {
          controller_id: 'node-1',
          region: 'eu-1',
          zone: 'eu-1a',
          webtransport_url: 'https://203.0.113.9:4433/media',
          internal_url: 'https://10.0.0.5:8443',
          certificate_hashes: ADDRESSES.certificateHashes,
          max_meetings: 1_000,
        },
      },
      {
        path: gcPaths.heartbeats('node-1'),
        message: { controller_id: 'node-1', health: 'HEALTHY', meetings: 0 },
      },
      { path: gcPaths.heartbeats('node-1'), message: { controller_id: 'node-1', health: 'DRAINING' } },
    ]);
  });
});
