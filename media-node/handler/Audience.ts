// Who is sent what of one published stream. A publisher sends each frame in the form of its own choice, on a stream or as
// datagrams, and on demand in the other one as well, marked as such (FLAG_ON_DEMAND): a subscriber gets either what was chosen,
// or all that goes its own way. So every frame that comes in has its list, and nobody gets a frame twice.
import {
  AS_DATAGRAMS,
  type DeliverySet,
  deliveryNumber,
  NO_DELIVERY,
  ON_STREAMS,
  PUBLISHERS_CHOICE,
} from '../../shared/media-session/delivery.ts';
import type { Consumer } from './Consumer.ts';

const NOBODY: readonly Consumer[] = Object.freeze([]);

/** Frozen lists, which the packet path reads. */
export class Audience {
  static readonly empty = new Audience(NO_DELIVERY, NOBODY, NOBODY, NOBODY, NOBODY);

  /** What the publisher has to send for all of them. */
  readonly deliveries: DeliverySet;
  /** Of datagrams that the publisher chose to send as such, and of those that it sends on demand. */
  readonly datagrams: readonly Consumer[];
  readonly onDemandDatagrams: readonly Consumer[];
  /** The same of frames on streams. */
  readonly onStreams: readonly Consumer[];
  readonly onDemandOnStreams: readonly Consumer[];

  private constructor(
    deliveries: DeliverySet,
    datagrams: readonly Consumer[],
    onDemandDatagrams: readonly Consumer[],
    onStreams: readonly Consumer[],
    onDemandOnStreams: readonly Consumer[],
  ) {
    this.deliveries = deliveries;
    this.datagrams = datagrams;
    this.onDemandDatagrams = onDemandDatagrams;
    this.onStreams = onStreams;
    this.onDemandOnStreams = onDemandOnStreams;
  }

  /** Those of the consumers that can be sent to now. A publisher that does not deliver on demand is taken as it comes. */
  static of(consumers: readonly Consumer[], deliversOnDemand: boolean): Audience {
    // A copy has no room to grow, which nothing needs here: a hundred bytes a stream.
    const receiving = consumers.filter((consumer) => consumer.receives).slice();
    if (receiving.length === 0) return Audience.empty;
    const wishes = deliversOnDemand ? receiving.map(wishOf) : [];
    const deliveries = wishes.reduce((set, wish) => set | wish, NO_DELIVERY) || PUBLISHERS_CHOICE;
    if (deliveries === PUBLISHERS_CHOICE) {
      const all = Object.freeze(receiving);
      return new Audience(deliveries, all, NOBODY, all, NOBODY);
    }
    const withWish = (set: DeliverySet): readonly Consumer[] =>
      Object.freeze(receiving.filter((consumer) => (wishOf(consumer) & set) !== 0));
    return new Audience(
      deliveries,
      withWish(PUBLISHERS_CHOICE | AS_DATAGRAMS),
      withWish(AS_DATAGRAMS),
      withWish(PUBLISHERS_CHOICE | ON_STREAMS),
      withWish(ON_STREAMS),
    );
  }
}

function wishOf({ delivery }: Consumer): DeliverySet {
  return 1 << deliveryNumber(delivery);
}
