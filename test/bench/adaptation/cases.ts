import type { LinkConditions } from '../../support/ImpairedLink.ts';

export interface AdaptationCase {
  readonly name: string;
  /** Of the path to the viewer, and back where it says so. */
  readonly before: Partial<LinkConditions>;
  readonly impaired: Partial<LinkConditions>;
  readonly impairsWayBack: boolean;
}

/** What a home router holds: 50 ms at 5 Mbit/s, half a second at 500 kbit/s. */
const QUEUE_BYTES = 32_000;
/** What holds 0.8 s at 1.5 Mbit/s: nothing is lost for long, everything becomes late. */
const DEEP_QUEUE_BYTES = 150_000;

export const CASES: readonly AdaptationCase[] = [
  { name: 'loss 10 %', before: {}, impaired: { lossRatio: 0.1 }, impairsWayBack: true },
  { name: 'delay 300 ms', before: {}, impaired: { delayMs: 300 }, impairsWayBack: false },
  {
    name: '5 Mbit/s to 500 kbit/s',
    before: { rateBps: 5_000_000, queueBytes: QUEUE_BYTES },
    impaired: { rateBps: 500_000, queueBytes: QUEUE_BYTES },
    impairsWayBack: false,
  },
  {
    name: '5 to 1.5 Mbit/s, deep queue',
    before: { rateBps: 5_000_000, queueBytes: DEEP_QUEUE_BYTES },
    impaired: { rateBps: 1_500_000, queueBytes: DEEP_QUEUE_BYTES },
    impairsWayBack: false,
  },
];
