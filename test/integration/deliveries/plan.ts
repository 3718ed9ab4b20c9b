// What the test (Node) and its clients (Deno) say to each other: the plan as one line of JSON in, events as lines out.
import type { Delivery, SendMode } from '../../../client/core/index.ts';

export interface DeliveriesPlan {
  readonly apiUrl: string;
  /** Modes of the publisher's streams of video; its sound is mixed. */
  readonly modes: readonly SendMode[];
  /** One subscriber of each. */
  readonly deliveries: readonly Delivery[];
  /** Frames that each subscriber has to have of each stream, until all of them are said to flow. */
  readonly frames: number;
}

/** What one subscriber has of one stream. */
export interface WatchedFigures {
  readonly delivery: Delivery;
  readonly stream: SendMode | 'sound';
  /** Of frames that arrived: form, type, and whether they were sent on demand; in order of the alphabet. */
  readonly forms: readonly string[];
  /** Frames that could be decoded, or heard. */
  readonly frames: number;
  /** Frames of which the bytes are not those that were sent. */
  readonly spoilt: number;
}

export type DeliveriesEvent =
  /** Everybody has enough frames of everything: for the first time, with late joiners, and again after media was lost. */
  | { readonly type: 'flowing'; readonly mediaPort: number; readonly watched: readonly WatchedFigures[] }
  | { readonly type: 'ended'; readonly reason: string };
