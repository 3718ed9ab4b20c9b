// The configuration that an agent writes to a worker's standard input, checked once where it enters the worker.
import * as z from 'zod';
import type { ControllerWorkerConfig, HandlerWorkerConfig } from './protocol.ts';

/** Longest configuration line, characters: PEM texts with their chains and a few numbers take about 20,000. */
export const MAX_CONFIG_CHARACTERS = 65_536;

const port = z.int().min(0).max(65_535);
const positive = z.int().min(1);
const limitOrNone = z.int().min(0);
const durationMs = z.number().positive().max(86_400_000);

const certificate = {
  certificatePem: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
  privateKeyPem: z.string().startsWith('-----BEGIN '),
};

const workerFields = {
  workerId: z.int().min(0),
  logFields: z.record(z.string(), z.union([z.string(), z.number()])),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
  hostname: z.string().min(1),
  udpPort: port,
  ...certificate,
  tcpCertificate: z
    .strictObject({ certificatePem: z.string().min(1), privateKeyPem: z.string().min(1) })
    .optional(),
  transport: z.strictObject({
    maxSessions: positive,
    handshakeBurst: positive,
    handshakesPerSecond: limitOrNone,
    maxSessionsPerAddress: limitOrNone,
    handshakeBurstPerAddress: positive,
    handshakesPerSecondPerAddress: limitOrNone,
    maxDatagramsInFlight: positive,
    maxIncomingStreams: positive,
    handshakeTimeoutMs: durationMs,
    idleTimeoutMs: durationMs,
    keepAliveIntervalMs: durationMs,
  }),
};

export const handlerWorkerConfigSchema: z.ZodType<HandlerWorkerConfig> = z.strictObject({
  ...workerFields,
  role: z.literal('handler'),
  maxRouters: positive,
  maxConsumers: positive,
  authTimeoutMs: durationMs,
});

export const controllerWorkerConfigSchema: z.ZodType<ControllerWorkerConfig> = z.strictObject({
  ...workerFields,
  role: z.literal('controller'),
  controllerId: z.string().min(1),
  maxMeetings: positive,
  heartbeatIntervalMs: durationMs,
  heartbeatTimeoutMs: durationMs,
  joinTimeoutMs: durationMs,
});

/**
 * Parses one line of configuration.
 * @throws TypeError naming the fields that are wrong; never quotes the text, which holds a private key.
 */
export function parseWorkerConfig<Config>(schema: z.ZodType<Config>, line: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new TypeError(`Worker configuration must be one line of JSON: got ${line.length} characters`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`);
  throw new TypeError(`Worker configuration is invalid: ${faults.join('; ')}`);
}
