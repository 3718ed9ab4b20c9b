// Other media handlers for a meeting whose own have failed (ledger GC-11). The global controller is asked when none of the
// ranked ones can serve, and for a new backup once the meeting has moved to the old one; one request a meeting is under way.
import { MAX_FAILED_HANDLERS } from '../../shared/api/controllerNotice.ts';
import type { AssignMeeting } from '../../shared/api/node.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Logger } from '../../shared/base/log.ts';
import { type ControlPlane, isSuperseded } from './ControlPlane.ts';
import { isGone } from './MediaPlane.ts';

/** Tries of one request; a meeting that still has participants asks again by itself. */
const MAX_ATTEMPTS = 3;
const BACKOFF: BackoffOptions = { firstMs: 200, maxMs: 1_000 };
const MAX_REASON_CHARACTERS = 200;

export interface HandlerReplacementOptions {
  readonly controlPlane: ControlPlane;
  readonly assignment: () => AssignMeeting;
  /** Who serves from now on, in the generation in which it was asked. */
  readonly onReplaced: (handlers: AssignMeeting['media_handlers'], generation: number) => void;
  /** The meeting is served by another controller, or in a later generation. */
  readonly onSuperseded: () => void;
  /** The meeting has ended. */
  readonly onEnded: () => void;
  readonly log: Logger;
  readonly wait: (ms: number) => Promise<void>;
  readonly random?: (() => number) | undefined;
}

export class HandlerReplacement {
  readonly #options: HandlerReplacementOptions;
  #underWay: Promise<boolean> | undefined;

  constructor(options: HandlerReplacementOptions) {
    this.#options = options;
  }

  /** Asks for others than these, given with how they failed; false when there are none to be had. Never rejects. */
  replace(failures: ReadonlyMap<string, unknown>): Promise<boolean> {
    this.#underWay ??= this.#replace(failures).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #replace(failures: ReadonlyMap<string, unknown>): Promise<boolean> {
    const { controlPlane, assignment, onReplaced, onSuperseded, onEnded, log, wait, random } = this.#options;
    const { meeting_id, generation } = assignment();
    const failed = [...failures]
      .slice(-MAX_FAILED_HANDLERS)
      .map(([handler_id, error]) => ({ handler_id, reason: reasonOf(error) }));
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (attempt > 0) await wait(backoffDelayMs(attempt - 1, BACKOFF, random));
      if (assignment().generation !== generation) return true;
      try {
        const { media_handlers } = await controlPlane.replaceHandlers({ meeting_id, generation, failed });
        log.info('Media handlers replaced', {
          failed,
          media_handlers: media_handlers.map(({ handler_id }) => handler_id),
        });
        onReplaced(media_handlers, generation);
        return true;
      } catch (error) {
        log.warn('No other media handlers yet', { attempt, failed, error });
        if (isSuperseded(error)) onSuperseded();
        else if (isGone(error)) onEnded();
        else continue;
        return false;
      }
    }
    return false;
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, MAX_REASON_CHARACTERS).toWellFormed();
}
