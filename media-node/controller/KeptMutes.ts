// What hosts have muted in a meeting, by participant (ledger MC-10): it holds however often somebody's connection breaks, and
// wherever the meeting goes, so that nobody gets rid of it by coming back. The global controller is told of each change, one
// after the other, and tells the controller that serves the meeting next (ledger MC-8).
import { type HostMute, MAX_HOST_MUTES } from '../../shared/api/node.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import { type ControlPlane, isSuperseded } from './ControlPlane.ts';
import { isGone } from './MediaPlane.ts';
import { type HostMutes, NO_MUTES } from './MutedKinds.ts';

/** Tries in a row that may fail. */
const MAX_ATTEMPTS = 8;
const BACKOFF: BackoffOptions = { firstMs: 200, maxMs: 5_000 };

export interface KeptMutesOptions {
  readonly controlPlane: Pick<ControlPlane, 'hostMuted'>;
  readonly assignment: () => { readonly meeting_id: string; readonly generation: number };
  /** The meeting is served by another controller, or in a later generation. */
  readonly onSuperseded: () => void;
  readonly tasks: BackgroundTasks;
  readonly log: Logger;
  readonly wait: (ms: number) => Promise<void>;
  /** From 0 to under 1. */
  readonly random?: (() => number) | undefined;
}

export class KeptMutes {
  readonly #options: KeptMutesOptions;
  /** By participant id, the latest last; as many as an assignment names. */
  readonly #mutes = new Map<string, HostMutes>();
  /** Those of whom the latest word has yet to be told, by participant id; as many at most. */
  readonly #untold = new Set<string>();
  #isTelling = false;

  constructor(options: KeptMutesOptions) {
    this.#options = options;
  }

  /** As the global controller knows them, or this one did before the meeting was empty; what has yet to be told counts more. */
  restore(mutes: readonly HostMute[]): void {
    for (const { participant_id: id, audio, video } of mutes)
      if (!this.#untold.has(id)) this.#keep(id, { audio, video });
  }

  /** The same object until it is another. */
  of(participantId: string): HostMutes {
    return this.#mutes.get(participantId) ?? NO_MUTES;
  }

  list(): HostMute[] {
    return [...this.#mutes].map(([participant_id, { audio, video }]) => ({ participant_id, audio, video }));
  }

  /** Keeps what a host said last, and has it told. */
  set(participantId: string, mutes: HostMutes): void {
    if (this.of(participantId) === mutes) return;
    this.#mutes.delete(participantId);
    if (mutes.audio || mutes.video) this.#keep(participantId, mutes);
    this.#untold.delete(participantId);
    this.#untold.add(participantId);
    dropOldest(this.#untold);
    if (this.#isTelling) return;
    this.#options.tasks.add('tell of mutes', this.#tellAll());
  }

  #keep(participantId: string, mutes: HostMutes): void {
    this.#mutes.set(participantId, mutes);
    dropOldest(this.#mutes);
  }

  async #tellAll(): Promise<void> {
    this.#isTelling = true;
    try {
      await this.#tellUntold();
    } finally {
      this.#isTelling = false;
    }
  }

  /** What cannot be told for long waits for the next change. */
  async #tellUntold(): Promise<void> {
    for (let failures = 0; failures < MAX_ATTEMPTS; ) {
      const [participantId] = this.#untold;
      if (participantId === undefined) return;
      // What is said of it meanwhile is told behind this.
      this.#untold.delete(participantId);
      const outcome = await this.#tell(participantId);
      if (outcome === 'told') failures = 0;
      else if (outcome === 'over') this.#untold.clear();
      else {
        this.#untold.add(participantId);
        await this.#options.wait(backoffDelayMs(failures++, BACKOFF, this.#options.random));
      }
    }
  }

  async #tell(participantId: string): Promise<'told' | 'failed' | 'over'> {
    const { controlPlane, assignment, onSuperseded, log } = this.#options;
    const { meeting_id, generation } = assignment();
    const { audio, video } = this.of(participantId);
    try {
      await controlPlane.hostMuted({ meeting_id, generation, participant_id: participantId, audio, video });
      return 'told';
    } catch (error) {
      log.warn('What a host has muted could not be told', { participant_id: participantId, error });
      const isOver = isSuperseded(error);
      if (isOver && assignment().generation === generation) onSuperseded();
      return isOver || isGone(error) ? 'over' : 'failed';
    }
  }
}

function dropOldest(ids: Set<string> | Map<string, HostMutes>): void {
  const [oldest] = ids.keys();
  if (ids.size > MAX_HOST_MUTES && oldest !== undefined) ids.delete(oldest);
}
