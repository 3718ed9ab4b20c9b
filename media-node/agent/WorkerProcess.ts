// One worker process from spawn to exit: configured over standard input, spoken to over IPC, heard on standard error, and
// ended when it hangs.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type {
  CallMap,
  Listening,
  WorkerCalls,
  WorkerCertificate,
  WorkerConfig,
  WorkerNotices,
} from '../ipc/protocol.ts';
import { createRpc, type Rpc, type RpcHandlers } from '../ipc/Rpc.ts';
import { denoArguments, WORKER_ENVIRONMENT } from './deno.ts';
import { Watchdog } from './Watchdog.ts';

/** From spawn to the notice `listening`: 40 ms on an idle machine. */
const START_TIMEOUT_MS = 10_000;
/** A call without an answer after this fails; answers take well under a millisecond. */
const CALL_TIMEOUT_MS = 5_000;
/** Lines of a crash report that are kept to say why a worker ended: what happened comes first, then where. */
const KEPT_TEXT_LINES = 4;

export interface WorkerProcessOptions<Incoming extends CallMap> {
  /** What people call it in messages. */
  readonly name: string;
  readonly denoPath: string;
  readonly script: string;
  readonly config: WorkerConfig;
  /** Calls that the worker may make. */
  readonly handlers: RpcHandlers<Incoming>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the worker's log lines as they are. */
  readonly writeLogLine: (line: string) => void;
  /** Ends a worker that does not listen yet. */
  readonly signal: AbortSignal;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last words of the worker, or how it ended. */
  readonly reason: string;
}

export interface WorkerProcess<Calls extends CallMap> {
  readonly workerId: number;
  readonly pid: number;
  readonly udpPort: number;
  readonly running: boolean;
  /** Resolves when the process is gone, however that came about. */
  readonly exited: Promise<WorkerExit>;
  readonly call: Rpc<Calls, WorkerNotices>['call'];
  /** New sessions get this certificate. Rejects with an ApiError. */
  replaceCertificate(certificate: WorkerCertificate): Promise<void>;
  /** The same over TCP. */
  replaceTcpCertificate(certificate: WorkerCertificate): Promise<void>;
  /** Asks it to end, after graceMs ends it. Resolves when it is gone. Idempotent. */
  stop(reason: string, graceMs: number): Promise<void>;
}

/** Starts a worker. Rejects, with the process gone, when it does not listen; the message says why. */
export async function startWorkerProcess<Calls extends CallMap, Incoming extends CallMap>(
  options: WorkerProcessOptions<Incoming>,
): Promise<WorkerProcess<Calls>> {
  const { config } = options;
  const child = spawn(
    options.denoPath,
    denoArguments(options.script, config.hostname, config.udpPort),
    // A process group of its own: Ctrl-C in a terminal reaches only the launcher, which ends things in order.
    { env: WORKER_ENVIRONMENT, stdio: ['pipe', 'ignore', 'pipe', 'ipc'], detached: true },
  );
  const lastWords = forwardLines(child, options);
  let hung: string | undefined;
  const exited = exitOf(child, () => hung ?? lastWords());
  let running = true;
  const rpc = createRpc<WorkerCalls, Incoming, WorkerNotices>({
    send: (message) => {
      if (!child.connected) throw new Error('The channel to the worker is closed');
      // A failure to send shows as the end of the process, which closes the calls.
      child.send(message as object, () => undefined);
    },
    onMessage: (callback) => void child.on('message', callback),
    timeoutMs: CALL_TIMEOUT_MS,
    handlers: options.handlers,
    onError: (name, error) => options.log.error('Call of a worker failed', { call: name, error }),
  });
  void exited.then(({ reason }) => {
    running = false;
    rpc.close(`${options.name} ended: ${reason}`);
  });

  const listening = new Promise<Listening>((resolve) => rpc.onNotice('listening', resolve));
  child.stdin?.on('error', () => undefined); // The worker is gone: its exit says why.
  child.stdin?.write(`${JSON.stringify(config)}\n`);
  const { udpPort, pid } = await firstOf(options, child, listening, exited);
  const watchdog = new Watchdog({
    ping: () => rpc.call('ping', null),
    onHung: (silentMs) => {
      hung = `it did not answer for ${silentMs} ms`;
      options.log.error('Worker hangs and is ended', { worker: options.name, pid, silent_ms: silentMs });
      // A process that hangs, or was stopped, takes no other signal.
      child.kill('SIGKILL');
    },
    clock: options.clock,
  });
  void exited.then(() => watchdog.stop());

  const stop = async (reason: string, graceMs: number): Promise<void> => {
    watchdog.stop();
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    if (running) rpc.call('shutdown', { reason }).catch(() => undefined);
    await exited;
    clearTimeout(timer);
  };
  return {
    workerId: config.workerId,
    pid,
    udpPort,
    get running() {
      return running;
    },
    exited,
    replaceCertificate: async ({ certificatePem, privateKeyPem }) => {
      await rpc.call('replaceCertificate', { certificatePem, privateKeyPem });
    },
    replaceTcpCertificate: async ({ certificatePem, privateKeyPem }) => {
      await rpc.call('replaceTcpCertificate', { certificatePem, privateKeyPem });
    },
    call: rpc.call.bind(rpc) as unknown as Rpc<Calls, WorkerNotices>['call'],
    stop,
  };
}

async function firstOf(
  { name, signal }: Pick<WorkerProcessOptions<CallMap>, 'name' | 'signal'>,
  child: ChildProcess,
  listening: Promise<Listening>,
  exited: Promise<WorkerExit>,
): Promise<Listening> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: string): void => {
    child.kill('SIGKILL');
    reject(new Error(`${name} ${reason}`));
  };
  const onAbort = (): void => giveUp('was stopped while it started');
  const timer = setTimeout(
    () => giveUp(`did not listen within ${START_TIMEOUT_MS / 1_000} s`),
    START_TIMEOUT_MS,
  );
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const ended = exited.then(({ reason }): never => {
    throw new Error(`${name} could not start: ${reason}`);
  });
  ended.catch(() => undefined);
  try {
    return await Promise.race([listening, givenUp, ended]);
  } catch (error) {
    await exited;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function exitOf(child: ChildProcess, lastWords: () => string | undefined): Promise<WorkerExit> {
  return new Promise((resolve) => {
    let spawnError: string | undefined;
    child.once('error', (error) => {
      spawnError = error.message;
      // A process that was never made has no exit event.
      if (child.pid === undefined) resolve({ code: null, signal: null, reason: spawnError });
    });
    child.once('close', (code, signal) => {
      resolve({ code, signal, reason: lastWords() ?? spawnError ?? signal ?? `exit code ${code}` });
    });
  });
}

/** Log lines go on as they are; plain text, which only a crash prints, becomes log lines. Answers with the last words. */
function forwardLines(
  child: ChildProcess,
  options: Pick<WorkerProcessOptions<CallMap>, 'log' | 'name' | 'writeLogLine'>,
): () => string | undefined {
  const text: string[] = [];
  let lastError: string | undefined;
  if (child.stderr === null) return () => undefined;
  createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', (line) => {
    if (line.startsWith('{')) {
      lastError = errorOf(line) ?? lastError;
      text.length = 0;
      options.writeLogLine(line);
    } else if (line.trim() !== '') {
      if (text.length < KEPT_TEXT_LINES) text.push(line.trim());
      options.log.warn('Worker printed', { worker: options.name, line });
    }
  });
  return () => (text.length > 0 ? text.join(' ') : lastError);
}

/** The error field of an error line. */
function errorOf(line: string): string | undefined {
  try {
    const { level, error } = JSON.parse(line) as { level?: unknown; error?: unknown };
    return level === 'error' && typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
