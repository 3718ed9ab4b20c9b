// What every listener decides alike: how many connections it holds, and whether a request becomes a session.
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { AddressSlot, GateRefusal } from './AddressGate.ts';
import type { ListenOptions, SessionDecision, SessionRequest, TransportCounters } from './MediaSession.ts';

/** Connections beyond the sessions: handshakes under way, and closed sessions whose peer has not seen it yet. */
export const EXTRA_CONNECTIONS = 256;
/** What counts a connection that the gate refused. */
export const GATE_COUNTERS = {
  handshakes: 'addressHandshakesRefused',
  connections: 'addressConnectionsRefused',
} as const satisfies Record<GateRefusal, keyof TransportCounters>;

/** What a client is told that comes when all sessions are taken. */
const FULL: SessionDecision = {
  accept: false,
  close: {
    code: CloseCode.quotaExceeded,
    reason: 'This server has all the sessions that it takes: try again later',
  },
};
/** And one whose address has all the sessions that it may have. */
const TOO_MANY_FROM_ADDRESS: SessionDecision = {
  accept: false,
  close: {
    code: CloseCode.quotaExceeded,
    reason:
      'Your network has all the sessions that this server takes from one address: close some, or try again later',
  },
};

export interface Admission {
  readonly options: Pick<ListenOptions, 'limits' | 'onRequest'>;
  readonly counters: TransportCounters;
  /** Sessions open now. */
  readonly sessions: number;
  readonly closing: boolean;
}

/** Asks the owner; a session that is accepted is counted under its address. */
export function decide(
  { options, counters, sessions, closing }: Admission,
  request: SessionRequest,
  slot: AddressSlot,
): SessionDecision {
  if (closing || sessions >= options.limits.maxSessions) return FULL;
  try {
    const decision = options.onRequest(request);
    if (!decision.accept || slot.openSession()) return decision;
  } catch {
    counters.handlerFaults++;
    return { accept: false, status: 500 };
  }
  counters.addressSessionsRefused++;
  return TOO_MANY_FROM_ADDRESS;
}
