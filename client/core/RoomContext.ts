// What a room is made with: what the application says, and the runtime's own where it says nothing.
import type { JoinRole } from '../../shared/api/meeting.ts';
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { type Logger, silentLogger } from '../../shared/base/log.ts';
import { continueTrace, toTraceparent } from '../../shared/base/trace.ts';
import { ApiClient, type Fetch, type UserToken } from './api/ApiClient.ts';
import { JoinTicket } from './JoinTicket.ts';
import { withTcpFallback } from './tcp/tcpFallback.ts';
import { systemTimers, type Timers } from './timers.ts';
import { type TransportFactory, webTransport } from './transport.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface RoomOptions {
  /** Base address of the REST API, such as `https://meet.example.org`. */
  readonly apiUrl: string;
  readonly meetingId: string;
  readonly displayName: string;
  /** `host` for whoever made the meeting, or may by scope. */
  readonly role?: JoinRole;
  /** Token of the user who joins; guests have none. */
  readonly userToken?: UserToken;
  /** What joins, for the servers' logs. */
  readonly clientName?: string;
  readonly fetch?: Fetch;
  readonly transport?: TransportFactory;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly log?: Logger;
  /** From 0 to under 1, for pauses that differ between participants. */
  readonly random?: () => number;
  /** Time for each step of joining and for each request, ms. */
  readonly timeoutMs?: number;
}

export interface RoomContext {
  readonly api: ApiClient;
  readonly clientName: string;
  /** W3C trace context of all that is asked of the servers for this participant (ledger GC-19). */
  readonly traceparent: string;
  readonly transport: TransportFactory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: () => number;
  readonly timeoutMs: number;
}

export function roomContext(options: RoomOptions): RoomContext {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timers = options.timers ?? systemTimers;
  const trace = continueTrace(undefined);
  const traceparent = toTraceparent(trace);
  return {
    api: new ApiClient({
      apiUrl: options.apiUrl,
      timeoutMs,
      traceparent,
      ...(options.fetch && { fetch: options.fetch }),
      ...(options.userToken !== undefined && { userToken: options.userToken }),
    }),
    clientName: options.clientName ?? 'dark-tower',
    transport: options.transport ?? withTcpFallback({ transport: webTransport, timers }),
    clock: options.clock ?? systemClock,
    timers,
    traceparent,
    log: (options.log ?? silentLogger).with({ trace_id: trace.traceId }),
    random: options.random ?? Math.random,
    timeoutMs,
  };
}

/** Asks to be let in. Rejects with ApiError or ConnectionError. */
export function getTicket(options: RoomOptions, context: RoomContext): Promise<JoinTicket> {
  const { meetingId, displayName, role } = options;
  return JoinTicket.get({ ...context, meetingId, joining: { displayName, ...(role && { role }) } });
}
