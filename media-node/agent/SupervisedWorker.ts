// Keeps one worker running: starts it, and when it dies starts another in its place, at once at first, then with backoff.
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { CallMap } from '../ipc/protocol.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

const BACKOFF: BackoffOptions = { firstMs: 200, maxMs: 10_000 };
/** A worker that ran this long was healthy: the next death starts the backoff anew. */
const PROVEN_MS = 60_000;

export interface SupervisedWorkerOptions<Calls extends CallMap> {
  readonly name: string;
  /** Configured UDP port; 0 takes a free one, and the same again after a restart where that can be had. */
  readonly udpPort: number;
  /** Starts a process on this port; rejects when it does not listen or the signal aborts. */
  readonly start: (udpPort: number, signal: AbortSignal) => Promise<WorkerProcess<Calls>>;
  /** Called with each process that serves, the first included. */
  readonly onUp: (worker: WorkerProcess<Calls>) => void;
  /** Called when a process that served has died by itself. */
  readonly onDown: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
  readonly backoff?: BackoffOptions;
}

export class SupervisedWorker<Calls extends CallMap> {
  readonly #options: SupervisedWorkerOptions<Calls>;
  #current: WorkerProcess<Calls> | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  #restartTimer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #lastPort: number;
  readonly #stopping = new AbortController();

  constructor(options: SupervisedWorkerOptions<Calls>) {
    this.#options = options;
    this.#lastPort = options.udpPort;
  }

  /** The process that serves now, if one does. */
  get current(): WorkerProcess<Calls> | undefined {
    return this.#current?.running ? this.#current : undefined;
  }

  /** The first start. Rejects when it fails: a configuration that cannot work is for a person, not for a retry. */
  async start(): Promise<void> {
    const starting = this.#startProcess();
    this.#starting = starting.catch(() => undefined);
    await starting;
  }

  /** Ends the worker for good. Resolves when its process is gone. */
  async stop(reason: string, graceMs: number): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#restartTimer);
    await Promise.all([this.#current?.stop(reason, graceMs), this.#starting]);
  }

  async #startProcess(): Promise<void> {
    const worker = await this.#options.start(this.#lastPort, this.#stopping.signal);
    if (this.#stopping.signal.aborted) {
      await worker.stop('The node stops', 0);
      return;
    }
    this.#current = worker;
    this.#lastPort = worker.udpPort;
    const startedAt = this.#options.clock.monotonicMs();
    void worker.exited.then((exit) => {
      if (this.#stopping.signal.aborted) return;
      if (this.#options.clock.monotonicMs() - startedAt >= PROVEN_MS) this.#attempt = 0;
      this.#options.log.error('Worker died', { worker: this.#options.name, reason: exit.reason });
      this.#restartLater();
      this.#options.onDown();
    });
    this.#options.onUp(worker);
  }

  #restartLater(): void {
    const { backoff = BACKOFF, random } = this.#options;
    const delayMs = this.#attempt === 0 ? 0 : backoffDelayMs(this.#attempt - 1, backoff, random);
    this.#attempt++;
    this.#restartTimer = setTimeout(() => {
      this.#starting = this.#startProcess().catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#options.log.warn('Worker did not start again', { worker: this.#options.name, error });
        // Somebody may have taken the free port of the one before.
        this.#lastPort = this.#options.udpPort;
        this.#restartLater();
      });
    }, delayMs);
  }
}
