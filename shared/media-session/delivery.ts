// In which form a subscriber is sent a stream (protocol document, "Media on streams"): on streams, as datagrams, or as its
// publisher chooses for each frame.

/** Each at its number in the messages of signaling and of media sessions. */
export const DELIVERIES = ['publishers_choice', 'streams', 'datagrams'] as const;
export type Delivery = (typeof DELIVERIES)[number];

export function deliveryNumber(delivery: Delivery): number {
  return DELIVERIES.indexOf(delivery);
}

/** Undefined for a number that no delivery has. */
export function deliveryOf(number: number | null | undefined): Delivery | undefined {
  return DELIVERIES[number ?? 0];
}

/** A set of deliveries as one number: bit by their numbers. */
export type DeliverySet = number;
export const NO_DELIVERY: DeliverySet = 0;
export const PUBLISHERS_CHOICE: DeliverySet = 0b001;
export const ON_STREAMS: DeliverySet = 0b010;
export const AS_DATAGRAMS: DeliverySet = 0b100;

export function deliverySetOf(numbers: Iterable<number>): DeliverySet {
  let set = NO_DELIVERY;
  for (const number of numbers) if (deliveryOf(number) !== undefined) set |= 1 << number;
  return set;
}

/** Numbers of the deliveries in a set. */
export function deliveryNumbers(set: DeliverySet): number[] {
  return [...DELIVERIES.keys()].filter((number) => (set & (1 << number)) !== 0);
}
