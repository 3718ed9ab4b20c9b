// What the controller asks of media handlers (ledger SFU-2, SFU-3). Everything rejects with an ApiError; NOT_FOUND of a
// close means that it is gone already.
//
// Closing cascades at the handler, innermost first: a transport closes its consumers, then its producers, then itself; a
// producer closes its consumers first; a router closes its transports. So a participant who leaves costs one call however
// many streams there are, and nothing is forwarded to or from them after it.
import { ApiError } from '../../shared/api/error.ts';
import type { ProducerSource, TransportBody } from '../../shared/api/handler.ts';
import type { AssignMeeting } from '../../shared/api/node.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';

/** A media handler as the assignment names it. */
export type MediaHandler = AssignMeeting['media_handlers'][number];

export interface RouterAddress {
  readonly handler: MediaHandler;
  readonly routerId: string;
}

export type MediaKind = 'audio' | 'video';

export interface TransportRequest {
  readonly participant_id: string;
  readonly user_id: number;
  /** What it may not send from the start. */
  readonly muted?: readonly MediaKind[] | undefined;
  /** W3C trace context of the join that it is made for. */
  readonly traceparent?: string | undefined;
}

export interface ProducerRequest {
  readonly transport_id: string;
  readonly stream_id: number;
  readonly kind: 'audio' | 'video';
  readonly spatial_layer: number;
  readonly source?: ProducerSource | undefined;
  readonly bitrate_bps?: number | undefined;
}

export interface ConsumerRequest {
  readonly transport_id: string;
  readonly producer_id: string;
  readonly delivery?: Delivery | undefined;
}

/** Batches are all or nothing, at most MAX_BATCH items; answers are in the order of the requests. */
export interface MediaPlane {
  /** Makes an empty router and answers its id. One left over from an earlier life of this controller goes first. */
  createRouter(handler: MediaHandler, meetingId: string, generation: number): Promise<string>;
  closeRouter(router: RouterAddress): Promise<void>;
  /** Whether the handler has this router still. */
  hasRouter(router: RouterAddress): Promise<boolean>;
  createTransports(
    router: RouterAddress,
    transports: readonly TransportRequest[],
  ): Promise<readonly TransportBody[]>;
  /** Replaces what a participant may not send (ledger MC-10). */
  muteTransport(router: RouterAddress, transportId: string, kinds: readonly MediaKind[]): Promise<void>;
  closeTransport(router: RouterAddress, transportId: string): Promise<void>;
  createProducers(router: RouterAddress, producers: readonly ProducerRequest[]): Promise<readonly string[]>;
  closeProducer(router: RouterAddress, producerId: string): Promise<void>;
  createConsumers(router: RouterAddress, consumers: readonly ConsumerRequest[]): Promise<readonly string[]>;
  closeConsumer(router: RouterAddress, consumerId: string): Promise<void>;
}

/** Whether a close failed only because what it closes is gone already. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'NOT_FOUND';
}

/** Whether the media handler has no room. */
export function isFull(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CAPACITY_EXCEEDED';
}

const UNANSWERED: readonly unknown[] = ['unreachable', 'timeout', 'refused_certificate'];

/** Whether nobody answered at the media handler's address, or somebody else. */
export function isUnanswered(error: unknown): error is ApiError {
  return error instanceof ApiError && UNANSWERED.includes(error.details['reason']);
}
