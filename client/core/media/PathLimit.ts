import { type MediaServerMessage, mediaSession } from '../../../shared/media-session/messages.ts';

/** Why a path takes less than what is wished for (ledger MH-5). */
export type PathLimit = 'loss' | 'round_trip' | 'congestion';

const { QualityReason } = mediaSession;
const LIMITS: Readonly<Record<number, PathLimit>> = {
  [QualityReason.LOSS]: 'loss',
  [QualityReason.ROUND_TRIP]: 'round_trip',
  [QualityReason.CONGESTION]: 'congestion',
};

/** What the handler says of the path; undefined when it takes everything again. */
export function pathLimitOf(
  quality: NonNullable<MediaServerMessage['streamQuality']>,
): PathLimit | undefined {
  const reason = quality.reason ?? QualityReason.RECOVERED;
  if (reason === QualityReason.RECOVERED) return undefined;
  // A reason that is newer than this client is none to say that all is well.
  return LIMITS[reason] ?? 'congestion';
}
