// One process of the local system: started with its configuration in the environment, heard over IPC, ended for certain.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LauncherMessage } from '../../shared/base/env.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Time a component gets to say that it serves. */
const READY_TIMEOUT_MS = 30_000;

export interface ComponentOptions {
  /** What people call it in messages. */
  readonly name: string;
  /** Script, relative to the repository. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a component ended. */
export interface ComponentExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Component<Info> {
  readonly name: string;
  readonly exited: Promise<ComponentExit>;
  readonly #child: ChildProcess;
  readonly #ready: Promise<Info>;

  constructor(options: ComponentOptions) {
    this.name = options.name;
    // A process group of its own: Ctrl-C in a terminal reaches only the launcher, which then ends the parts in order.
    this.#child = spawn(process.execPath, [options.entry], {
      cwd: root,
      env: { ...inheritedEnvironment(), ...options.env },
      stdio: ['ignore', 2, 2, 'ipc'],
      detached: true,
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ name: this.name, code, signal }));
      this.#child.once('error', () => resolve({ name: this.name, code: null, signal: null }));
    });
    this.#ready = this.#awaitReady();
    this.#ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What the component says of itself once it serves. Rejects with a reason a person can act on. */
  ready(): Promise<Info> {
    return this.#ready;
  }

  /** Asks it to end, and after graceMs ends it. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
  }

  #awaitReady(): Promise<Info> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.name} did not start within ${READY_TIMEOUT_MS / 1_000} s`)),
        READY_TIMEOUT_MS,
      );
      this.#child.on('message', (message: LauncherMessage<Info>) => {
        clearTimeout(timer);
        if (message.type === 'ready') resolve(message.info);
        else reject(new Error(`${this.name}: ${message.reason}`));
      });
      void this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        reject(new Error(`${this.name} ended before it served (${signal ?? `exit code ${code}`})`));
      });
    });
  }
}

/** Only what a process needs to run: nothing of the caller's secrets reaches the parts. */
function inheritedEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, LANG, TZ } = process.env;
  return { PATH, HOME, TMPDIR, LANG, TZ };
}
