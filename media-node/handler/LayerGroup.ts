// The layers of one source that one subscriber consumes (ledger SFU-4). It is sent one of them at a time, and changes over
// at a key frame of the other: until that starts, it goes on getting the one that it has.
import { type ConsumedProducer, type Consumer, MAX_TEMPORAL_LAYER } from './Consumer.ts';

/** A key frame that was asked for and has not come is asked for again after this, ms. */
export const KEY_FRAME_RETRY_MS = 1_000;

/** Layers up to these. */
export interface LayerLimit {
  readonly spatialLayer: number;
  readonly temporalLayer: number;
}

const EVERYTHING: LayerLimit = { spatialLayer: 2, temporalLayer: MAX_TEMPORAL_LAYER };

export class LayerGroup {
  /** From the lowest layer to the highest. */
  #members: readonly Consumer[] = [];
  #preferred = EVERYTHING;
  #allowed = EVERYTHING;
  #priority = 0;
  /** What the subscriber is sent. */
  #current: Consumer | undefined;
  /** What it will be sent from its next key frame on. */
  #target: Consumer | undefined;
  #askedAtMs: number | undefined;
  readonly #onChanged: (group: LayerGroup) => void;

  /** `onChanged` is told when what is sent has changed, also while a packet is on its way. */
  constructor(onChanged: (group: LayerGroup) => void) {
    this.#onChanged = onChanged;
  }

  get members(): readonly Consumer[] {
    return this.#members;
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  get current(): Consumer | undefined {
    return this.#current;
  }

  get target(): Consumer | undefined {
    return this.#target;
  }

  get preferred(): LayerLimit {
    return this.#preferred;
  }

  /** Higher comes first when the path does not take everything. A shared screen comes before what a client may say. */
  get priority(): number {
    return this.#members[0]?.producer.source === 'screen' ? Number.POSITIVE_INFINITY : this.#priority;
  }

  has(consumer: Consumer): boolean {
    return this.#members.includes(consumer);
  }

  takes({ producer }: Consumer): boolean {
    return isFurtherLayer(
      producer,
      this.#members.map((member) => member.producer),
    );
  }

  /** The first layer is sent at once, as a lone stream is; the others wait until they are chosen. */
  add(consumer: Consumer): void {
    this.#members = [...this.#members, consumer].sort(
      (one, other) => one.producer.spatialLayer - other.producer.spatialLayer,
    );
    consumer.limitTemporalLayer(this.#temporalLimit());
    if (this.#current === undefined && this.#target === undefined) this.#current = consumer;
    else consumer.setForwarding('none');
    this.#choose();
  }

  remove(consumer: Consumer): void {
    this.#members = this.#members.filter((member) => member !== consumer);
    if (this.#current === consumer) this.#current = undefined;
    if (this.#target === consumer) this.#target = undefined;
    this.#choose();
  }

  /** What the subscriber wishes for. */
  prefer(preferred: LayerLimit, priority: number): void {
    this.#preferred = preferred;
    this.#priority = priority;
    this.#choose();
  }

  /** What its path takes. */
  allow(allowed: LayerLimit): void {
    this.#allowed = allowed;
    this.#choose();
  }

  /** The subscriber cannot decode what it gets: the layer that it has, or the one that it waits for, has to start afresh. */
  requestKeyFrame(): void {
    this.#current?.producer.requestKeyFrame();
    this.#target?.producer.requestKeyFrame();
  }

  /** Asks again for a key frame, or a stream, that does not come, or was lost. Call every now and then. */
  retry(nowMs: number): void {
    const missed = this.#target ?? this.#current;
    if (missed === undefined) return;
    if (this.#target === undefined && !missed.producer.isPaused && !missed.hasLostStream) return;
    this.#askedAtMs ??= nowMs;
    if (nowMs - this.#askedAtMs < KEY_FRAME_RETRY_MS) return;
    this.#askedAtMs = nowMs;
    missed.forgetLostStream();
    missed.producer.requestKeyFrame();
  }

  #choose(): void {
    const chosen = this.#highestWithinLimits();
    if (chosen === (this.#target ?? this.#current)) {
      this.#limitTemporalLayers();
      return;
    }
    this.#target?.setForwarding('none');
    this.#target = chosen === this.#current ? undefined : chosen;
    this.#limitTemporalLayers();
    this.#askedAtMs = undefined;
    this.#target?.setForwarding('fromKeyFrame', () => this.#switchOver());
    this.#onChanged(this);
    this.#target?.producer.requestKeyFrame();
  }

  #switchOver(): void {
    this.#current?.setForwarding('none');
    this.#current = this.#target;
    this.#target = undefined;
    this.#limitTemporalLayers();
    this.#onChanged(this);
  }

  /** The limit is for the layer that was chosen: until it starts, the one before is not sent more of, and less in need. */
  #limitTemporalLayers(): void {
    const limit = this.#temporalLimit();
    for (const member of this.#members)
      if (member !== this.#current || this.#target === undefined) member.limitTemporalLayer(limit);
    if (this.#target === undefined || this.#current === undefined) return;
    const isTooMuch = this.#current.producer.spatialLayer > this.#allowed.spatialLayer;
    if (isTooMuch) this.#current.limitTemporalLayer(0);
  }

  #highestWithinLimits(): Consumer | undefined {
    const limit = Math.min(this.#preferred.spatialLayer, this.#allowed.spatialLayer);
    return this.#members.findLast(({ producer }) => producer.spatialLayer <= limit) ?? this.#members[0];
  }

  #temporalLimit(): number {
    return Math.min(this.#preferred.temporalLayer, this.#allowed.temporalLayer);
  }
}

/** Whether this is a layer of their source that they do not have. A stream without a source stands alone. */
export function isFurtherLayer(producer: ConsumedProducer, layers: readonly ConsumedProducer[]): boolean {
  const [first] = layers;
  return (
    first?.source !== undefined &&
    first.source === producer.source &&
    first.transportId === producer.transportId &&
    layers.every(({ spatialLayer }) => spatialLayer !== producer.spatialLayer)
  );
}
