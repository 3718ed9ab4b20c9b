// Keeps one role of a node known to the global controller: registers, reports, and registers again when it is asked to
// (ledger GC-1, GC-2, GC-9). Tries for ever: that the global controller is away stops nothing that runs.
import type { NodeAnswer } from '../../shared/api/node.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Logger } from '../../shared/base/log.ts';
import { GlobalControllerError } from './GlobalController.ts';

const BACKOFF: BackoffOptions = { firstMs: 250, maxMs: 15_000 };
/** Answers to a first registration that no second try changes: they are for a person. */
const DEFINITIVE_REFUSALS: readonly number[] = [400, 401, 403, 413, 415, 422];
const NOT_REGISTERED = 404;

export interface RegistrationOptions {
  /** What is registered, for messages. */
  readonly name: string;
  readonly register: () => Promise<NodeAnswer>;
  /** `count` reports were answered since the registration. */
  readonly report: (count: number) => Promise<NodeAnswer>;
  readonly onAnswer: (answer: NodeAnswer) => void;
  /** Upper bound of the interval that the global controller asks for, ms. */
  readonly maxIntervalMs: number;
  readonly log: Logger;
  readonly random?: () => number;
  readonly backoff?: BackoffOptions;
}

export class Registration {
  readonly #options: RegistrationOptions;
  readonly #registered = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  /** Something is to be said that does not wait for the interval. */
  #due = false;
  #isRegistered = false;
  #reports = 0;
  #answeredOnce = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#registered.promise.catch(() => undefined);
  }

  /** Resolves when registered and reported for the first time; rejects when the first registration is refused for good. */
  start(): Promise<void> {
    this.#loop = this.#run();
    return this.#registered.promise;
  }

  /** What was registered has changed: says so at once. */
  registerAgain(): void {
    this.#isRegistered = false;
    this.reportNow();
  }

  /** What is reported has changed: says so at once. */
  reportNow(): void {
    this.#due = true;
    this.#wake?.();
  }

  /** Ends the reports with a last one, after any that is under way, and not tried twice. Never rejects. */
  async farewell(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await this.stop();
    if (this.#isRegistered) await this.#options.report(this.#reports).catch(() => undefined);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        const intervalMs = await this.#step();
        failures = 0;
        await this.#pause(intervalMs);
      } catch (error) {
        if (this.#refusedForGood(error)) return;
        const { name, log, backoff = BACKOFF, random } = this.#options;
        log.warn('Global controller does not take a report', { registration: name, error, failures });
        await this.#pause(backoffDelayMs(failures++, backoff, random));
      }
    }
  }

  /** Registers where needed, reports, and answers with the time until the next report, ms. */
  async #step(): Promise<number> {
    const { name, register, report, onAnswer, maxIntervalMs, log } = this.#options;
    this.#due = false;
    if (!this.#isRegistered) {
      // Set before, so that a change during the registration is not lost.
      this.#isRegistered = true;
      this.#reports = 0;
      try {
        onAnswer(await register());
      } catch (error) {
        this.#isRegistered = false;
        throw error;
      }
      log.info('Registered', { registration: name });
    }
    let answer: NodeAnswer;
    try {
      answer = await report(this.#reports);
    } catch (error) {
      if (!(error instanceof GlobalControllerError) || error.status !== NOT_REGISTERED) throw error;
      this.#isRegistered = false;
      throw new GlobalControllerError(`${name} is not registered any more`, error.status, { cause: error });
    }
    this.#reports++;
    onAnswer(answer);
    this.#answeredOnce = true;
    this.#registered.resolve();
    return Math.min(answer.report_interval_ms, maxIntervalMs);
  }

  #refusedForGood(error: unknown): boolean {
    if (this.#answeredOnce || !(error instanceof GlobalControllerError)) return false;
    if (error.status === undefined || !DEFINITIVE_REFUSALS.includes(error.status)) return false;
    this.#registered.reject(
      new Error(`${this.#options.name} cannot register. ${error.message}`, { cause: error }),
    );
    return true;
  }

  /** Waits, until woken at the latest. */
  #pause(ms: number): Promise<void> {
    if (this.#stopping.signal.aborted || this.#due) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#wake = finish;
    });
  }
}
