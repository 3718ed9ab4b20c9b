import { describe, expect, it } from 'vitest';
import {
  controllerWorkerConfigSchema,
  handlerWorkerConfigSchema,
  parseWorkerConfig,
} from '../../../media-node/ipc/config.ts';
import type { ControllerWorkerConfig, HandlerWorkerConfig } from '../../../media-node/ipc/protocol.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';

const worker = {
  workerId: 0,
  logFields: { handler_id: 'mh-1', worker_id: 0 },
  logLevel: 'info',
  hostname: '127.0.0.1',
  udpPort: 0,
  certificatePem: '-----BEGIN CERTIFICATE-----\n',
  privateKeyPem: '-----BEGIN PRIVATE KEY-----\nVERY SECRET',
  transport: DEFAULT_TRANSPORT_LIMITS,
} as const;
const handler: HandlerWorkerConfig = {
  ...worker,
  role: 'handler',
  maxRouters: 50,
  maxConsumers: 500,
  authTimeoutMs: 5_000,
};
const controller: ControllerWorkerConfig = {
  ...worker,
  role: 'controller',
  controllerId: 'mc-1',
  maxMeetings: 100,
  heartbeatIntervalMs: 15_000,
  heartbeatTimeoutMs: 30_000,
  joinTimeoutMs: 10_000,
};

describe('parseWorkerConfig', () => {
  it('takes what an agent writes', () => {
    expect(parseWorkerConfig(handlerWorkerConfigSchema, JSON.stringify(handler))).toEqual(handler);
    expect(parseWorkerConfig(controllerWorkerConfigSchema, JSON.stringify(controller))).toEqual(controller);
  });

  it('MH-10 names what is wrong and never quotes the key', () => {
    const bad = JSON.stringify({ ...handler, udpPort: 70_000, maxRouters: 0, surprise: 1 });
    const refusal = (): unknown => parseWorkerConfig(handlerWorkerConfigSchema, bad);
    expect(refusal).toThrow(/udpPort.*maxRouters.*surprise/);
    expect(refusal).not.toThrow(/SECRET/);
  });

  it('MH-10 refuses the configuration of the other role', () => {
    expect(() => parseWorkerConfig(handlerWorkerConfigSchema, JSON.stringify(controller))).toThrow('role');
  });

  it('MH-10 refuses what is not JSON without quoting it', () => {
    expect(() => parseWorkerConfig(handlerWorkerConfigSchema, '{"privateKeyPem":"SECRET')).toThrow(
      'Worker configuration must be one line of JSON: got 24 characters',
    );
  });
});
