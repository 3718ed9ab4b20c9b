// What happens to a meeting whose router is gone (ledger SFU-9): everyone gets a transport on another router, producers and
// consumers are made there for the streams and subscriptions that the roster says, and the participants are told where.
// User ids, stream ids and the roster do not change. What happens meanwhile counts: who leaves or unpublishes is not
// brought back, and another loss starts it over. A handler that has room for the router but not for all that was in it
// gives it back, and the next one is asked.
import { MAX_BATCH } from '../../shared/api/handler.ts';
import { type BackoffOptions, backoffDelayMs } from '../../shared/base/backoff.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';
import { frameServerMessage } from '../../shared/signaling/messages.ts';
import type { BackgroundTasks } from './BackgroundTasks.ts';
import { consumerRequest } from './consumerRequest.ts';
import { isFull, isGone, type MediaPlane, type RouterAddress } from './MediaPlane.ts';
import type { MediaLink, MeetingRouter } from './MeetingRouter.ts';
import { mutedKinds } from './MutedKinds.ts';
import { toMediaServer } from './mediaServer.ts';
import type { Participant } from './Participant.ts';
import type { PublishedStream } from './PublishedStream.ts';
import { producerRequest } from './producerRequest.ts';

/** Tries before the participants are sent away; with the waits between them they take about 3 s. */
const MAX_ATTEMPTS = 6;
const BACKOFF: BackoffOptions = { firstMs: 100, maxMs: 1_000 };
/** A meeting that loses more routers than this within LOSS_WINDOW_MS may be what kills the workers: it is not moved on. */
const MAX_LOSSES = 5;
const LOSS_WINDOW_MS = 60_000;

export interface MeetingRecoveryOptions {
  readonly plane: MediaPlane;
  readonly router: MeetingRouter;
  readonly participants: () => Iterable<Participant>;
  /** There is no other router to be had for these. */
  readonly onGivenUp: (stranded: readonly Participant[]) => void;
  readonly tasks: BackgroundTasks;
  readonly log: Logger;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random?: () => number;
}

export class MeetingRecovery {
  readonly #options: MeetingRecoveryOptions;
  /** Who lost the router and has not been told of another. */
  readonly #stranded = new Set<Participant>();
  #lossesAtMs: readonly number[] = [];
  readonly #transportLossesAtMs = new WeakMap<Participant, readonly number[]>();
  #running: Promise<void> | undefined;

  constructor(options: MeetingRecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when no recovery is under way. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** The router is gone: nothing that was in it is known any more, from now on. */
  lost(router: RouterAddress): void {
    this.#lossesAtMs = countLoss(this.#lossesAtMs, this.#options.nowMs());
    this.abandoned(router);
  }

  /** The router was given back, which says nothing about the workers: else as `lost`. */
  abandoned(router: RouterAddress): void {
    const { participants } = this.#options;
    for (const participant of participants())
      if (participant.media.router === router) this.#strand(participant);
    this.#start();
  }

  /** A participant's transport is gone, and nothing else: it gets another one. One that loses them again and again does not. */
  transportLost(participant: Participant): void {
    const { nowMs, log, onGivenUp } = this.#options;
    const losses = countLoss(this.#transportLossesAtMs.get(participant), nowMs());
    this.#transportLossesAtMs.set(participant, losses);
    if (losses.length > MAX_LOSSES) {
      log.warn('Media session of a participant is lost again and again', { user_id: participant.userId });
      onGivenUp([participant]);
      return;
    }
    this.#strand(participant);
    for (const stream of participant.subscriptions.keys()) stream.subscribers.set(participant, undefined);
    this.#start();
  }

  #strand(participant: Participant): void {
    this.#stranded.add(participant);
    for (const stream of participant.streams.values()) stream.strand();
  }

  #start(): void {
    if (this.#stranded.size === 0 || this.#running !== undefined) return;
    this.#running = this.#run();
    this.#options.tasks.add('recover meeting', this.#running);
  }

  async #run(): Promise<void> {
    // Whoever told of the loss goes on first, and may tell of more.
    await Promise.resolve();
    try {
      await this.#recover();
    } finally {
      // In the turn in which nobody is stranded any more: a loss right behind it starts another recovery.
      this.#running = undefined;
    }
  }

  async #recover(): Promise<void> {
    const { log, wait, random } = this.#options;
    const startedAtMs = this.#options.nowMs();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (attempt > 0) await wait(backoffDelayMs(attempt - 1, BACKOFF, random));
      if (this.#forgetThoseWhoLeft() === 0) return;
      if (this.#lossesAtMs.length > MAX_LOSSES) break;
      try {
        await this.#connect();
        await this.#produce();
        await this.#consume();
        this.#tell();
      } catch (error) {
        log.warn('Meeting could not be recovered yet', { attempt, error });
        if (isFull(error)) this.#options.router.abandon(error);
      }
      if (this.#stranded.size > 0) continue;
      const durationMs = Math.round(this.#options.nowMs() - startedAtMs);
      log.info('Meeting recovered', { attempts: attempt + 1, duration_ms: durationMs });
      return;
    }
    const stranded = [...this.#stranded];
    this.#stranded.clear();
    log.error('Meeting could not be recovered', { participants: stranded.length });
    this.#options.onGivenUp(stranded);
  }

  #forgetThoseWhoLeft(): number {
    for (const participant of this.#stranded) if (!participant.present) this.#stranded.delete(participant);
    return this.#stranded.size;
  }

  /** Transports for all in one go, which the router turns into batches. */
  async #connect(): Promise<void> {
    const { router, tasks } = this.#options;
    const unlinked = [...this.#stranded].filter(({ media }) => media.lost);
    const outcomes = await Promise.allSettled(
      unlinked.map(async (participant) => {
        const { participantId, userId } = participant;
        const link = await router.connect(
          { participant_id: participantId, user_id: userId, muted: mutedKinds(participant.hostMutes) },
          {
            get aborted() {
              return !participant.present;
            },
          },
        );
        const replaced = participant.present ? participant.media : link;
        if (participant.present) participant.media = link;
        tasks.add('close transport', replaced.close());
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #produce(): Promise<void> {
    const { plane, tasks, log } = this.#options;
    interface Wanted {
      readonly participant: Participant;
      readonly media: MediaLink;
      readonly stream: PublishedStream;
    }
    const isWanted = ({ participant, media, stream }: Wanted): boolean =>
      participant.present && participant.media === media && !media.lost && !stream.ended;
    const collect = (): Wanted[] =>
      [...this.#stranded].flatMap((participant) =>
        [...participant.streams.values()]
          .filter((stream) => stream.producerId === undefined)
          .map((stream) => ({ participant, media: participant.media, stream }))
          .filter(isWanted),
      );
    await inBatches(collect, isWanted, async (wanted) => {
      const router = requireRouter(wanted.map(({ media }) => media));
      const ids = await plane.createProducers(
        router,
        wanted.map(({ media, stream }) =>
          producerRequest(media.transport.transport_id, stream.streamId, stream.info),
        ),
      );
      for (const [index, item] of wanted.entries()) {
        const producerId = ids[index];
        if (producerId === undefined) throw new Error('Media plane answered too few producers');
        if (isWanted(item)) item.stream.producerId = producerId;
        else if (item.participant.present && !item.media.lost)
          tasks.add('close producer', closed(plane.closeProducer(router, producerId), log));
      }
    });
  }

  async #consume(): Promise<void> {
    const { plane, participants, tasks, log } = this.#options;
    interface Wanted {
      readonly participant: Participant;
      readonly media: MediaLink;
      readonly stream: PublishedStream;
      readonly producerId: string;
      readonly delivery: Delivery;
    }
    const isWanted = ({ participant, media, stream, producerId }: Wanted): boolean =>
      participant.present &&
      participant.media === media &&
      !media.lost &&
      stream.producerId === producerId &&
      stream.subscribers.has(participant);
    const collect = (): Wanted[] =>
      [...participants()].flatMap((participant) =>
        [...participant.subscriptions].flatMap(([stream, delivery]) => {
          const { producerId } = stream;
          if (producerId === undefined || stream.subscribers.get(participant) !== undefined) return [];
          const item = { participant, media: participant.media, stream, producerId, delivery };
          return isWanted(item) ? [item] : [];
        }),
      );
    await inBatches(collect, isWanted, async (wanted) => {
      const router = requireRouter(wanted.map(({ media }) => media));
      const ids = await plane.createConsumers(
        router,
        wanted.map(({ media, producerId, delivery }) =>
          consumerRequest(media.transport.transport_id, producerId, delivery),
        ),
      );
      for (const [index, item] of wanted.entries()) {
        const consumerId = ids[index];
        if (consumerId === undefined) throw new Error('Media plane answered too few consumers');
        if (isWanted(item)) item.stream.subscribers.set(item.participant, consumerId);
        else if (item.participant.present && !item.stream.ended && !item.media.lost)
          tasks.add('close consumer', closed(plane.closeConsumer(router, consumerId), log));
      }
    });
  }

  #tell(): void {
    for (const participant of this.#stranded) {
      if (participant.present && participant.media.lost) continue;
      this.#stranded.delete(participant);
      if (!participant.present) continue;
      const mediaServers = [toMediaServer(participant.media)];
      participant.connection.send(frameServerMessage({ mediaServerChanged: { mediaServers } }));
    }
  }
}

/** Times of the losses within the window, as many as are needed to tell that they are too many. */
function countLoss(lossesAtMs: readonly number[] = [], nowMs: number): readonly number[] {
  return [...lossesAtMs.filter((atMs) => nowMs - atMs < LOSS_WINDOW_MS), nowMs].slice(-MAX_LOSSES - 1);
}

/**
 * Makes what `collect` finds, in batches that are all or nothing: when one fails of which something is not wanted any more
 * (somebody left meanwhile), what is still wanted is collected again.
 */
async function inBatches<Item>(
  collect: () => Item[],
  isWanted: (item: Item) => boolean,
  make: (items: readonly Item[]) => Promise<void>,
): Promise<void> {
  for (let batch = collect().slice(0, MAX_BATCH); batch.length > 0; batch = collect().slice(0, MAX_BATCH)) {
    try {
      await make(batch);
    } catch (error) {
      if (batch.every(isWanted)) throw error;
    }
  }
}

/** Everyone who is linked is linked to one router. */
function requireRouter(links: readonly MediaLink[]): RouterAddress {
  const router = links[0]?.router;
  if (router === undefined || links.some((link) => link.router !== router))
    throw new Error('Participants of one meeting are linked to several routers');
  return router;
}

async function closed(closing: Promise<void>, log: Logger): Promise<void> {
  try {
    await closing;
  } catch (error) {
    // Not tried again: it ends with its transport at the latest.
    if (!isGone(error)) log.warn('Not closed after a recovery', { error });
  }
}
