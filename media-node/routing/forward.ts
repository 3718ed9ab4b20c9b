// The hot function: one media datagram in, one copy out for each destination (ledger MH-1, MH-2, MH-4). The bytes that came
// in are the bytes that go out. Per packet and per destination it allocates nothing, awaits nothing and logs nothing.
import { FrameType } from '../../shared/frame/layout.ts';
import { isOnDemand, readHopCount, readStreamId, readType, readUserId } from '../../shared/frame/read.ts';
import { FrameFault, validateDatagram } from '../../shared/frame/validate.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DropReason, FIRST_DESTINATION_REASON, LAST_DESTINATION_REASON } from '../metrics/DropReason.ts';
import type { Destination } from './Destination.ts';
import type { RouteSource } from './RouteTable.ts';

/**
 * Forwards the media datagram bytes[at..] that a client with this user id sent. Never throws. Answers DropReason.none when
 * it was offered to at least one destination, else why not, which is counted.
 */
export function forward(
  bytes: Uint8Array,
  at: number,
  senderUserId: number,
  source: RouteSource,
  counters: Counters,
): DropReason {
  const reason = tryForward(bytes, at, senderUserId, source, counters);
  if (reason === DropReason.none) counters.add(Counter.datagramsRouted, 1);
  else counters.drop(reason);
  return reason;
}

function tryForward(
  bytes: Uint8Array,
  at: number,
  senderUserId: number,
  source: RouteSource,
  counters: Counters,
): DropReason {
  const fault = validateDatagram(bytes, at);
  if (fault !== FrameFault.none) return fault;
  if (readHopCount(bytes, at) !== 0) return DropReason.unexpectedHops;
  if (readUserId(bytes, at) !== senderUserId) return DropReason.notSendersStream;
  const route = source.routes.find(senderUserId, readStreamId(bytes, at));
  if (route === undefined) return DropReason.noRoute;
  if ((readType(bytes, at) === FrameType.audio) !== route.isAudio) return DropReason.wrongKind;
  route.traffic.datagrams++;
  route.traffic.bytes += bytes.length - at;
  const destinations = isOnDemand(bytes, at) ? route.onDemandDestinations : route.destinations;
  if (destinations.length === 0) return DropReason.noSubscribers;
  route.stream.arrivals.record(bytes, at);
  sendToAll(bytes, at, destinations, counters);
  return DropReason.none;
}

function sendToAll(
  bytes: Uint8Array,
  at: number,
  destinations: readonly Destination[],
  counters: Counters,
): void {
  let sent = 0;
  for (let i = 0; i < destinations.length; i++) {
    const destination = destinations[i];
    if (destination === undefined) continue;
    const outcome = destination.sendDatagram(bytes, at);
    if (outcome === 0) sent++;
    else counters.drop(dropOf(outcome));
  }
  counters.add(Counter.copiesOffered, destinations.length);
  counters.add(Counter.datagramsOut, sent);
  counters.add(Counter.datagramBytesOut, sent * (bytes.length - at));
}

/** The drop reason of a destination's answer; an answer that is not known counts as closed. */
function dropOf(outcome: number): DropReason {
  const reason = FIRST_DESTINATION_REASON - 1 + outcome;
  return reason >= FIRST_DESTINATION_REASON && reason <= LAST_DESTINATION_REASON
    ? (reason as DropReason)
    : DropReason.destinationClosed;
}
