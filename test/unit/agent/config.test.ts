import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig, workerCount } from '../../../media-node/agent/config.ts';
import { ENV } from '../../../shared/base/env.ts';

const VALID = {
  [ENV.nodeId]: 'node-1',
  [ENV.roles]: 'controller,handler',
  [ENV.region]: 'local',
  [ENV.zone]: 'local-a',
  [ENV.nodeToken]: 'a-secret-token',
  [ENV.globalControllerUrl]: 'http://127.0.0.1:7400/',
  [ENV.publicHost]: '203.0.113.9',
  [ENV.internalHost]: '127.0.0.1',
  [ENV.workerDirectory]: 'dist/workers',
};

function refusal(changes: Record<string, string | undefined>): string {
  const config = readConfig({ ...VALID, ...changes });
  if (config.ok) throw new Error('The configuration was accepted');
  return config.reason;
}

describe('media node configuration', () => {
  it('SFU-1 SFU-8 reads the environment and fills in what is not set', () => {
    const config = readConfig({ ...VALID, HOME: '/root' });
    expect(config).toMatchObject({
      ok: true,
      value: {
        logLevel: 'info',
        nodeId: 'node-1',
        roles: ['controller', 'handler'],
        globalControllerUrl: 'http://127.0.0.1:7400',
        bindHost: '0.0.0.0',
        internalPort: 0,
        udpPortBase: 0,
        handlerWorkers: availableParallelism(),
        denoPath: undefined,
        maxRouters: 50,
        maxConsumers: 500,
        maxSessionsPerAddress: 500,
        handshakesPerAddress: 50,
      },
    });
  });

  it('SFU-7 keeps the announced address apart from the one that is bound', () => {
    const config = readConfig({ ...VALID, [ENV.bindHost]: '::', [ENV.publicHost]: 'media.example.org' });
    expect(config).toMatchObject({ ok: true, value: { bindHost: '::', publicHost: 'media.example.org' } });
  });

  it('SFU-7 takes TCP where it is given a certificate, for the announced address or a name of its own', () => {
    const files = {
      [ENV.tcpCertificateFile]: '/etc/tls/node.pem',
      [ENV.tcpPrivateKeyFile]: '/etc/tls/node.key',
    };
    const tcp = { certificateFile: '/etc/tls/node.pem', privateKeyFile: '/etc/tls/node.key' };
    expect(readConfig(VALID)).toMatchObject({ ok: true, value: { tcp: undefined } });
    expect(readConfig({ ...VALID, ...files })).toMatchObject({
      ok: true,
      value: { tcp: { ...tcp, host: '203.0.113.9' } },
    });
    expect(readConfig({ ...VALID, ...files, [ENV.tcpHost]: 'node1.example.org' })).toMatchObject({
      ok: true,
      value: { tcp: { ...tcp, host: 'node1.example.org' } },
    });
    expect(refusal({ [ENV.tcpCertificateFile]: '/etc/tls/node.pem' })).toContain('must be set together');
    expect(refusal({ [ENV.tcpHost]: 'node1.example.org' })).toContain('need a certificate');
  });

  it('GC-10 keeps the node token out of everything that prints', () => {
    const config = readConfig(VALID);
    expect(inspect(config, { depth: 5 }) + JSON.stringify(config)).not.toContain('a-secret-token');
    if (!config.ok) throw new Error(config.reason);
    expect(config.value.nodeToken.reveal()).toBe('a-secret-token');
  });

  it.each([
    [ENV.nodeId, 'no/slash', 'must be 1 to 64 characters'],
    [ENV.roles, 'handler,sfu', 'must be controller, handler or both: got "handler,sfu"'],
    [ENV.logLevel, 'loud', 'must be debug, info, warn or error: got "loud"'],
    [ENV.globalControllerUrl, 'ftp://gc', 'must be an http:// or https:// URL: got "ftp://gc"'],
    [ENV.publicHost, 'https://media', 'must be a host name or an IP address'],
    [ENV.internalPort, '70000', 'must be a whole number from 0 to 65535: got "70000"'],
    [ENV.internalPort, '12.5', 'must be a whole number'],
    [ENV.udpPortBase, '-1', 'must be a whole number'],
    [ENV.workers, '0', 'must be a whole number from 1 to 64: got "0"'],
    [ENV.maxConsumers, 'many', 'must be a whole number'],
    [ENV.maxSessionsPerAddress, '-1', 'must be a whole number from 0 to 100000: got "-1"'],
    [ENV.handshakesPerAddress, '1.5', 'must be a whole number from 0 to 100000: got "1.5"'],
  ])('names %s when it is "%s"', (name, value, rule) => {
    const reason = refusal({ [name]: value });
    expect(reason.startsWith(name)).toBe(true);
    expect(reason).toContain(rule);
    expect(reason.split('\n')).toHaveLength(1);
  });

  it('says all that is wrong at once, one line each, and takes an empty variable for an absent one', () => {
    const reason = refusal({ [ENV.nodeId]: undefined, [ENV.zone]: '', [ENV.workers]: 'x' });
    expect(reason.split('\n').sort()).toEqual([
      `${ENV.nodeId} is not set`,
      `${ENV.workers} must be a whole number from 1 to 64: got "x"`,
      `${ENV.zone} is not set`,
    ]);
  });

  it('SFU-7 refuses a first UDP port that leaves no port for every worker', () => {
    const limits = { [ENV.workers]: '4', [ENV.udpPortBase]: '65532' };
    expect(refusal(limits)).toContain('must leave a UDP port for each of 5 workers: got 65532');
    expect(readConfig({ ...VALID, ...limits, [ENV.roles]: 'handler' }).ok).toBe(true);
  });

  it('counts the workers of the roles that a node has', () => {
    expect(workerCount({ roles: ['controller'], handlerWorkers: 8 })).toBe(1);
    expect(workerCount({ roles: ['handler'], handlerWorkers: 8 })).toBe(8);
    expect(workerCount({ roles: ['controller', 'handler'], handlerWorkers: 8 })).toBe(9);
  });
});
