// Where the time of a request goes: how much of it waits for DynamoDB or a controller, and how many calls there were.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ControllerClient } from '../../../functions/controllers/ControllerClient.ts';

/** What one request took. */
export interface Sample {
  readonly totalMs: number;
  /** Time with at least one call of the database or of a controller under way. */
  readonly waitingMs: number;
  readonly dynamoCalls: number;
}

/** Observes calls of one process. Waiting times are told apart for one request at a time only. */
export class Clockwork {
  #underWay = 0;
  #sinceMs = 0;
  #waitingMs = 0;
  #dynamoCalls = 0;

  /** Counts and times every command, outermost: with its serialisation, its attempts and its parsing. */
  observeDatabase(client: DynamoDBClient): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        this.#dynamoCalls++;
        return await this.#waiting(() => next(args));
      },
      { step: 'initialize', priority: 'high' },
    );
  }

  observeControllers(client: ControllerClient): ControllerClient {
    return {
      ...client,
      assignMeeting: (...args) => this.#waiting(() => client.assignMeeting(...args)),
      endMeeting: (...args) => this.#waiting(() => client.endMeeting(...args)),
    };
  }

  async measure(request: () => Promise<unknown>): Promise<Sample> {
    this.#waitingMs = 0;
    this.#dynamoCalls = 0;
    const startedMs = performance.now();
    await request();
    return {
      totalMs: performance.now() - startedMs,
      waitingMs: this.#waitingMs,
      dynamoCalls: this.#dynamoCalls,
    };
  }

  async #waiting<T>(call: () => Promise<T>): Promise<T> {
    if (this.#underWay++ === 0) this.#sinceMs = performance.now();
    try {
      return await call();
    } finally {
      if (--this.#underWay === 0) this.#waitingMs += performance.now() - this.#sinceMs;
    }
  }
}
