// Configuration of a media node: the environment, decoded once, strictly, into frozen values.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import { isLogLevel, type LogLevel } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { Secret } from '../../shared/base/secret.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../transport/MediaSession.ts';
import type { TcpCertificateFiles } from './TcpCertificate.ts';

const MAX_PORT = 65_535;
export const MAX_WORKERS = 64;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

/** A DNS name or an IP address, IPv6 without brackets. */
const hostSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an IP address');

const rolesSchema = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((role) => role.trim()))])
  .pipe(z.array(z.enum(['controller', 'handler'], { error: 'must be controller, handler or both' })).min(1));

const environmentSchema = z.object({
  [ENV.logLevel]: z
    .string()
    .refine(isLogLevel, 'must be debug, info, warn or error')
    .default('info')
    .transform((level) => level as LogLevel),
  [ENV.nodeId]: idSchema,
  [ENV.roles]: rolesSchema,
  [ENV.region]: idSchema,
  [ENV.zone]: idSchema,
  [ENV.nodeToken]: z
    .string()
    .min(1)
    .transform((value) => new Secret(value)),
  [ENV.globalControllerUrl]: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  [ENV.publicHost]: hostSchema,
  [ENV.bindHost]: hostSchema.default('0.0.0.0'),
  [ENV.internalHost]: hostSchema,
  [ENV.internalPort]: wholeNumber(0, MAX_PORT).default(0),
  [ENV.udpPortBase]: wholeNumber(0, MAX_PORT).default(0),
  [ENV.tcpCertificateFile]: z.string().min(1).optional(),
  [ENV.tcpPrivateKeyFile]: z.string().min(1).optional(),
  [ENV.tcpHost]: hostSchema.optional(),
  [ENV.workers]: wholeNumber(1, MAX_WORKERS).default(() => Math.min(availableParallelism(), MAX_WORKERS)),
  [ENV.workerDirectory]: z
    .string()
    .min(1)
    .transform((path) => resolve(path)),
  [ENV.denoPath]: z.string().min(1).optional(),
  [ENV.maxRouters]: wholeNumber(1, 10_000).default(50),
  [ENV.maxConsumers]: wholeNumber(1, 100_000).default(500),
  [ENV.maxMeetings]: wholeNumber(1, 100_000).default(1_000),
  [ENV.maxSessionsPerAddress]: wholeNumber(0, 100_000).default(
    DEFAULT_TRANSPORT_LIMITS.maxSessionsPerAddress,
  ),
  [ENV.handshakesPerAddress]: wholeNumber(0, 100_000).default(
    DEFAULT_TRANSPORT_LIMITS.handshakesPerSecondPerAddress,
  ),
  [ENV.maxBandwidthBps]: wholeNumber(1, 1e12).default(1_000_000_000),
});

export type NodeRole = 'controller' | 'handler';

export interface TcpConfig extends TcpCertificateFiles {
  /** Name, or address, for which the certificate is; announced. */
  readonly host: string;
}

export interface MediaNodeConfig {
  readonly logLevel: LogLevel;
  /** Id of the node in both of its roles. */
  readonly nodeId: string;
  readonly roles: readonly NodeRole[];
  readonly region: string;
  readonly zone: string;
  readonly nodeToken: Secret;
  readonly globalControllerUrl: string;
  /** Address that is announced, whatever the workers bind to (ledger SFU-7). */
  readonly publicHost: string;
  readonly bindHost: string;
  readonly internalHost: string;
  /** 0 picks a free one. */
  readonly internalPort: number;
  /** UDP port of the first worker, the controller's before the handlers'; 0 picks free ones. */
  readonly udpPortBase: number;
  /** Sessions over TCP, for networks that block UDP; undefined is without. */
  readonly tcp: TcpConfig | undefined;
  /** Handler workers; one per core unless configured (ledger SFU-1). */
  readonly handlerWorkers: number;
  readonly workerDirectory: string;
  readonly denoPath: string | undefined;
  /** Per handler worker (ledger SFU-8). */
  readonly maxRouters: number;
  /** Per handler worker (ledger SFU-8). */
  readonly maxConsumers: number;
  /** Of the controller. */
  readonly maxMeetings: number;
  /** Sessions at once that a worker takes from one source address (ledger MH-10); 0 is without a limit. */
  readonly maxSessionsPerAddress: number;
  /** Handshakes a second that a worker takes from one source address; 0 is without a limit. */
  readonly handshakesPerAddress: number;
  /** Of the handler, all workers together, bits per second. */
  readonly maxBandwidthBps: number;
}

/** The configuration, or one line for each variable that is missing or wrong. An empty variable counts as absent. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<MediaNodeConfig> {
  const present = Object.fromEntries(
    Object.values(ENV).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    return err(parsed.error.issues.map((issue) => describeIssue(issue, present)).join('\n'));
  }
  const values = parsed.data;
  const tcp = tcpOf(values);
  if (!tcp.ok) return tcp;
  const config: MediaNodeConfig = {
    logLevel: values[ENV.logLevel],
    nodeId: values[ENV.nodeId],
    roles: values[ENV.roles],
    region: values[ENV.region],
    zone: values[ENV.zone],
    nodeToken: values[ENV.nodeToken],
    globalControllerUrl: values[ENV.globalControllerUrl].replace(/\/+$/, ''),
    publicHost: values[ENV.publicHost],
    bindHost: values[ENV.bindHost],
    internalHost: values[ENV.internalHost],
    internalPort: values[ENV.internalPort],
    udpPortBase: values[ENV.udpPortBase],
    tcp: tcp.value,
    handlerWorkers: values[ENV.workers],
    workerDirectory: values[ENV.workerDirectory],
    denoPath: values[ENV.denoPath],
    maxRouters: values[ENV.maxRouters],
    maxConsumers: values[ENV.maxConsumers],
    maxMeetings: values[ENV.maxMeetings],
    maxSessionsPerAddress: values[ENV.maxSessionsPerAddress],
    handshakesPerAddress: values[ENV.handshakesPerAddress],
    maxBandwidthBps: values[ENV.maxBandwidthBps],
  };
  const lastPort = config.udpPortBase + workerCount(config) - 1;
  if (config.udpPortBase > 0 && lastPort > MAX_PORT) {
    return err(
      `${ENV.udpPortBase} must leave a UDP port for each of ${workerCount(config)} workers: got ${config.udpPortBase}`,
    );
  }
  return ok(Object.freeze(config));
}

function tcpOf(values: z.output<typeof environmentSchema>): Result<TcpConfig | undefined> {
  const certificateFile = values[ENV.tcpCertificateFile];
  const privateKeyFile = values[ENV.tcpPrivateKeyFile];
  if (certificateFile === undefined && privateKeyFile === undefined)
    return values[ENV.tcpHost] === undefined
      ? ok(undefined)
      : err(`${ENV.tcpHost} is set without ${ENV.tcpCertificateFile}: sessions over TCP need a certificate`);
  if (certificateFile === undefined || privateKeyFile === undefined)
    return err(`${ENV.tcpCertificateFile} and ${ENV.tcpPrivateKeyFile} must be set together, or neither`);
  return ok({
    certificateFile: resolve(certificateFile),
    privateKeyFile: resolve(privateKeyFile),
    host: values[ENV.tcpHost] ?? values[ENV.publicHost],
  });
}

/** Workers of all roles. */
export function workerCount(config: Pick<MediaNodeConfig, 'roles' | 'handlerWorkers'>): number {
  return (
    (config.roles.includes('controller') ? 1 : 0) +
    (config.roles.includes('handler') ? config.handlerWorkers : 0)
  );
}

function describeIssue(issue: z.core.$ZodIssue, present: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  const value = present[name];
  if (value === undefined) return `${name} is not set`;
  return name === ENV.nodeToken ? `${name} is wrong` : `${name} ${issue.message}: got "${value}"`;
}
