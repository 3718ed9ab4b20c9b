import { type ServerMessage, signaling } from '../../../shared/signaling/messages.ts';

/** What the media handler found of the path to a participant (ledger MH-5). */
export interface ParticipantQuality {
  readonly userId: number;
  /** Why the path takes less than is wished for; `recovered` when it takes all of it again. */
  readonly reason: 'recovered' | 'loss' | 'round_trip' | 'congestion';
  readonly roundTripMs: number;
  /** 0 to 1. */
  readonly lossRatio: number;
  /** Of pictures. */
  readonly deliveredBps: number;
}

const { QualityReason } = signaling;
const REASONS: Readonly<Record<number, ParticipantQuality['reason']>> = {
  [QualityReason.RECOVERED]: 'recovered',
  [QualityReason.LOSS]: 'loss',
  [QualityReason.ROUND_TRIP]: 'round_trip',
  [QualityReason.CONGESTION]: 'congestion',
};

export function fromStreamQuality(quality: NonNullable<ServerMessage['streamQuality']>): ParticipantQuality {
  return {
    userId: quality.userId ?? 0,
    // A reason that is newer than this client is none to say that all is well.
    reason: REASONS[quality.reason ?? QualityReason.RECOVERED] ?? 'congestion',
    roundTripMs: quality.roundTripMs ?? 0,
    lossRatio: (quality.lossPerMille ?? 0) / 1_000,
    deliveredBps: quality.deliveredBps ?? 0,
  };
}
