// A Deno script of a bench that is asked with a line of JSON and answers with one.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { denoArguments, WORKER_ENVIRONMENT } from '../../../media-node/agent/deno.ts';
import { denoPath } from '../../support/deno.ts';

export class LineProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** `confined`: with the permissions and V8 options of a worker, else with the network and more memory. */
  constructor(script: string, confined: boolean) {
    const args = confined
      ? denoArguments(script, '127.0.0.1', 0)
      : [
          'run',
          '--no-prompt',
          '--no-config',
          '--no-lock',
          '--no-remote',
          '--no-npm',
          '--unstable-net',
          '--allow-net',
          script,
        ];
    this.#child = spawn(denoPath(), args, { env: WORKER_ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('The script has no standard output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends one line and waits for the answer. Rejects when the script ends instead. */
  async ask<Answer>(question: unknown): Promise<Answer> {
    this.tell(question);
    return await this.hear<Answer>();
  }

  /** Sends one line that has no answer. */
  tell(order: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Waits for a further line that it was not asked for. Rejects when the script ends instead. */
  async hear<Line>(): Promise<Line> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('A script of the bench ended before it answered');
    return JSON.parse(value) as Line;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
