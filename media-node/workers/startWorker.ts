// How both workers start and end. A worker is a Deno process without permissions but its own UDP port: the first line on
// standard input is its configuration, the IPC channel is its only line to the agent, and with that line gone it ends:
// no worker outlives its agent.
import process from 'node:process';
import type { ZodType } from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { createLogger, type Logger } from '../../shared/base/log.ts';
import { MAX_CONFIG_CHARACTERS, parseWorkerConfig } from '../ipc/config.ts';
import type { CallMap, WorkerCalls, WorkerConfig, WorkerNotices } from '../ipc/protocol.ts';
import { createRpc, type Rpc, type RpcHandlers } from '../ipc/Rpc.ts';
import { installRejectionGuard } from '../transport/deno/rejectionGuard.ts';

/** A call to the agent without an answer after this fails. */
const CALL_TIMEOUT_MS = 10_000;
/** What a graceful stop may take before the process ends all the same; the agent waits longer than this. */
const STOP_TIMEOUT_MS = 2_000;
/** Lets the answer to `shutdown` leave before the process does. */
const FLUSH_MS = 20;

/** What every worker answers; startWorker does. */
type CommonCalls = keyof WorkerCalls;

export interface WorkerStart<Config, Outgoing extends CallMap, Incoming extends CallMap> {
  readonly config: Config;
  readonly log: Logger;
  /** Opens the channel to the agent. Called once, before anything needs it. */
  connect(handlers: Omit<RpcHandlers<Incoming>, CommonCalls>): Rpc<Outgoing, WorkerNotices>;
}

export interface RunningWorker {
  readonly udpPort: number;
  /** New sessions get this certificate. */
  replaceCertificate(certificatePem: string, privateKeyPem: string): void;
  /** The same over TCP, with a certificate of its own; without TCP it does nothing. */
  replaceTcpCertificate(certificatePem: string, privateKeyPem: string): void;
  /** Closes sessions and the port. */
  stop(reason: string): Promise<void>;
}

export interface WorkerDefinition<
  Config extends WorkerConfig,
  Outgoing extends CallMap,
  Incoming extends CallMap,
> {
  readonly configSchema: ZodType<Config>;
  start(context: WorkerStart<Config, Outgoing, Incoming>): Promise<RunningWorker>;
}

/** Runs a worker until the agent, a SIGTERM or the end of the channel stops it. Exits with 1 when it cannot start. */
export async function startWorker<
  Config extends WorkerConfig,
  Outgoing extends CallMap,
  Incoming extends CallMap,
>(definition: WorkerDefinition<Config, Outgoing, Incoming>): Promise<void> {
  let log: Logger = createLogger({ level: 'info', write: writeLogLine });
  // The guard outlives the choice of a logger: it writes through whichever is in use.
  installRejectionGuard(() => log);
  // Ctrl-C reaches the whole process group; the launcher decides what ends in which order.
  process.on('SIGINT', () => undefined);
  try {
    const config = parseWorkerConfig(definition.configSchema, await readFirstLine());
    log = createLogger({ level: config.logLevel, fields: config.logFields, write: writeLogLine });
    const run = new WorkerRun<Outgoing, Incoming>(log);
    process.on('SIGTERM', () => void run.stop('SIGTERM'));
    process.on('disconnect', () => void run.stop('the channel to the agent closed'));
    const worker = await definition.start({ config, log, connect: (handlers) => run.connect(handlers) });
    run.serve(worker);
  } catch (error) {
    log.error('Worker could not start', { error });
    process.exit(1);
  }
}

class WorkerRun<Outgoing extends CallMap, Incoming extends CallMap> {
  readonly #log: Logger;
  #rpc: Rpc<Outgoing, WorkerNotices> | undefined;
  #worker: RunningWorker | undefined;
  #stopping = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  connect(handlers: Omit<RpcHandlers<Incoming>, CommonCalls>): Rpc<Outgoing, WorkerNotices> {
    if (!process.send) throw new Error('A worker needs an IPC channel: start it with one');
    const common: RpcHandlers<WorkerCalls> = {
      ping: () => null,
      replaceCertificate: ({ certificatePem, privateKeyPem }) => {
        this.#listening.replaceCertificate(certificatePem, privateKeyPem);
        this.#log.info('Certificate replaced');
        return null;
      },
      replaceTcpCertificate: ({ certificatePem, privateKeyPem }) => {
        this.#listening.replaceTcpCertificate(certificatePem, privateKeyPem);
        this.#log.info('TCP certificate replaced');
        return null;
      },
      shutdown: ({ reason }) => {
        setTimeout(() => void this.stop(reason), FLUSH_MS);
        return null;
      },
    };
    this.#rpc = createRpc<Outgoing, Incoming, WorkerNotices>({
      send: sendToAgent,
      onMessage: (callback) => void process.on('message', callback),
      timeoutMs: CALL_TIMEOUT_MS,
      handlers: { ...handlers, ...common } as unknown as RpcHandlers<Incoming>,
      onError: (name, error) => this.#log.error('Call failed', { call: name, error }),
    });
    return this.#rpc;
  }

  serve(worker: RunningWorker): void {
    this.#worker = worker;
    this.#log.info('Worker serves', { udp_port: worker.udpPort });
    this.#rpc?.notify('listening', { udpPort: worker.udpPort, pid: process.pid });
  }

  get #listening(): RunningWorker {
    if (this.#worker === undefined) throw new ApiError('CONFLICT', 'The worker does not listen yet');
    return this.#worker;
  }

  async stop(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info('Worker stops', { reason });
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS);
    try {
      await this.#worker?.stop(reason);
    } catch (error) {
      this.#log.error('Worker did not stop cleanly', { error });
    }
    this.#rpc?.close(reason);
    setTimeout(() => process.exit(0), FLUSH_MS);
  }
}

function sendToAgent(message: unknown): void {
  if (!process.connected) throw new Error('The channel to the agent is closed');
  process.send?.(message);
}

function writeLogLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The first line on standard input, without its end. Rejects when the input ends or passes the bound before one. */
function readFirstLine(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (finish: () => void): void => {
      process.stdin.removeAllListeners();
      process.stdin.pause();
      finish();
    };
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) settle(() => resolve(text.slice(0, end)));
      else if (text.length > MAX_CONFIG_CHARACTERS)
        settle(() =>
          reject(new RangeError(`Configuration must be at most ${MAX_CONFIG_CHARACTERS} characters`)),
        );
    });
    process.stdin.on('end', () =>
      settle(() => reject(new Error('Standard input ended before a configuration line'))),
    );
  });
}
