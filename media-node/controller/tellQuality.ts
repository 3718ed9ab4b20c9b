// A media handler's word on a participant's path, passed on to the meeting (ledger MH-5): whoever sees the participant may
// show why the picture is small, and the participant may look for a better network.
import type { QualityAlert } from '../../shared/api/handler.ts';
import { frameServerMessage, signaling } from '../../shared/signaling/messages.ts';
import type { Meeting } from './Meeting.ts';

const { QualityReason } = signaling;
const REASONS = {
  recovered: QualityReason.RECOVERED,
  loss: QualityReason.LOSS,
  round_trip: QualityReason.ROUND_TRIP,
  congestion: QualityReason.CONGESTION,
} as const;

/** False for a participant who is not there, and for the word of a router that is not the meeting's own. */
export function tellQuality(meeting: Meeting, handlerId: string, alert: QualityAlert): boolean {
  const { address } = meeting.router;
  const participant = meeting.participantOf(alert.user_id);
  if (participant?.participantId !== alert.participant_id) return false;
  if (address?.routerId !== alert.router_id || address.handler.handler_id !== handlerId) return false;
  const notice = {
    streamQuality: {
      userId: alert.user_id,
      reason: REASONS[alert.reason],
      roundTripMs: alert.round_trip_ms,
      lossPerMille: Math.round(1_000 * alert.loss_ratio),
      deliveredBps: alert.delivered_bps,
      budgetBps: alert.budget_bps ?? 0,
    },
  };
  participant.connection.send(frameServerMessage(notice));
  meeting.tellOthers(participant, notice);
  return true;
}
