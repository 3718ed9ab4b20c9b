import type { IdempotencyStore } from '../http/IdempotencyStore.ts';
import type { RequestCounter } from '../http/RequestCounter.ts';
import type { HostMutes } from '../meeting/HostMutes.ts';
import type { Denylist } from './Denylist.ts';
import type { OneTimeTokens } from './OneTimeTokens.ts';
import type { RemovedParticipants } from './RemovedParticipants.ts';

/** What the control plane keeps about those who call it and those who take part. Everything in it expires. */
export interface AccessStores {
  readonly denylist: Denylist;
  readonly oneTimeTokens: OneTimeTokens;
  readonly removedParticipants: RemovedParticipants;
  readonly hostMutes: HostMutes;
  readonly requests: RequestCounter;
  readonly idempotency: IdempotencyStore;
}
