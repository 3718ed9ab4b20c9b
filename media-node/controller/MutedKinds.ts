import type { MediaKind } from './MediaPlane.ts';

/** What a host has muted of a participant (ledger MC-10). */
export interface HostMutes {
  readonly audio: boolean;
  readonly video: boolean;
  /** User id of the host who said so; absent while nothing is muted. */
  readonly byUserId?: number;
}

export const NO_MUTES: HostMutes = { audio: false, video: false };

/** As media handlers are told. */
export function mutedKinds({ audio, video }: HostMutes): MediaKind[] {
  return [...(audio ? (['audio'] as const) : []), ...(video ? (['video'] as const) : [])];
}
