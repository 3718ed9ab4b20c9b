// What the agent (Node) and its workers (Deno) say to each other over the IPC channel: plain JSON values only.
// A worker gets its configuration as the first line on standard input, then answers with the notice `listening`.

import type { ControllerBody } from '../../shared/api/controller.ts';
import type {
  EndedMeetingNotice,
  HostMuteAnswer,
  HostMuteNotice,
  MhReplacement,
  PresenceEntry,
  RequestMhReplacement,
  SupersededMeeting,
} from '../../shared/api/controllerNotice.ts';
import type {
  ConsumersBody,
  CreateConsumers,
  CreateProducers,
  CreateTransports,
  Figures,
  MuteTransport,
  ProducersBody,
  QualityAlert,
  QualityAlerts,
  QualityAlertsAnswer,
  RoutersLost,
  RoutersLostAnswer,
  TransportDetails,
  TransportsLost,
  TransportsLostAnswer,
  WorkerBody,
} from '../../shared/api/handler.ts';
import type {
  AssignMeeting,
  AssignMeetingAnswer,
  EndMeeting,
  EndMeetingAnswer,
  ListParticipants,
  ListParticipantsAnswer,
  RemoveParticipant,
  RemoveParticipantAnswer,
  UpdateMeetingConfig,
  UpdateMeetingConfigAnswer,
} from '../../shared/api/node.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import type { TransportLimits } from '../transport/MediaSession.ts';

/** Request and answer of each call, by name. */
export type CallMap = Readonly<Record<string, { readonly request: unknown; readonly answer: unknown }>>;

/** Value of each notice, by name. */
export type NoticeMap = Readonly<Record<string, unknown>>;

export interface WorkerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface WorkerConfig extends WorkerCertificate {
  readonly workerId: number;
  /** Fields that every log line of the worker carries: handler_id or controller_id, region, worker_id. */
  readonly logFields: Readonly<Record<string, string | number>>;
  readonly logLevel: LogLevel;
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly udpPort: number;
  /** Shown over TCP, on the port of the same number; absent is without TCP. */
  readonly tcpCertificate?: WorkerCertificate | undefined;
  readonly transport: TransportLimits;
}

export interface HandlerWorkerConfig extends WorkerConfig {
  readonly role: 'handler';
  readonly maxRouters: number;
  readonly maxConsumers: number;
  /** A session that has not authenticated after this is closed, ms. */
  readonly authTimeoutMs: number;
}

export interface ControllerWorkerConfig extends WorkerConfig {
  readonly role: 'controller';
  readonly controllerId: string;
  readonly maxMeetings: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  /** A session that has not joined after this is closed, ms. */
  readonly joinTimeoutMs: number;
}

/** Notice of every worker once its port is open. */
export interface Listening {
  readonly udpPort: number;
  readonly pid: number;
}

/** Worker to agent. */
export type WorkerNotices = { listening: Listening };

export interface CreatedTransport {
  readonly transport_id: string;
  readonly connection_token: string;
  readonly expires_at_ms: number;
}

/** Figures of a handler worker; the agent adds worker_id, pid, udp_port and cpu_ratio. */
export type HandlerStats = Omit<WorkerBody, 'worker_id' | 'pid' | 'udp_port' | 'cpu_ratio'>;

/** Agent to every worker, beside what its role adds. */
export type WorkerCalls = {
  /** Answered at once: a worker that does not answer hangs. */
  ping: { request: null; answer: null };
  /** New sessions get this certificate; those that exist are not touched. */
  replaceCertificate: { request: WorkerCertificate; answer: null };
  /** The same over TCP. */
  replaceTcpCertificate: { request: WorkerCertificate; answer: null };
  shutdown: { request: { reason: string }; answer: null };
};

/** Agent to handler worker. Failures carry an ApiErrorCode. */
export type HandlerCalls = {
  createRouter: { request: { router_id: string; meeting_id: string; generation: number }; answer: null };
  closeRouter: { request: { router_id: string }; answer: null };
  /** As closeRouter, for one without transports; `closed` is false for one that somebody is in. */
  closeEmptyRouter: { request: { router_id: string }; answer: { closed: boolean } };
  inspectRouter: {
    request: { router_id: string };
    answer: { transports: number; producers: number; consumers: number; figures?: Figures };
  };
  createTransports: {
    request: { router_id: string } & CreateTransports;
    answer: { transports: CreatedTransport[] };
  };
  closeTransport: { request: { router_id: string; transport_id: string }; answer: null };
  inspectTransports: { request: { router_id: string }; answer: { transports: TransportDetails[] } };
  inspectTransport: { request: { router_id: string; transport_id: string }; answer: TransportDetails };
  muteTransport: { request: { router_id: string; transport_id: string } & MuteTransport; answer: null };
  createProducers: { request: { router_id: string } & CreateProducers; answer: ProducersBody };
  closeProducer: { request: { router_id: string; producer_id: string }; answer: null };
  createConsumers: { request: { router_id: string } & CreateConsumers; answer: ConsumersBody };
  closeConsumer: { request: { router_id: string; consumer_id: string }; answer: null };
  stats: { request: null; answer: HandlerStats };
  shutdown: { request: { reason: string }; answer: null };
};

export interface EndedTransport {
  readonly router_id: string;
  readonly transport_id: string;
}

/** Handler worker to agent. */
export type HandlerAgentCalls = {
  /** Transports that ended because their sessions did: nobody has asked for it. */
  transportsEnded: { request: { transports: readonly EndedTransport[] }; answer: null };
  /** Taken, to be told to the meeting's controller. */
  qualityAlert: { request: QualityAlert; answer: null };
};

/** Figures of the controller worker; the agent adds pid and udp_port. */
export type ControllerStats = Omit<ControllerBody, 'pid' | 'udp_port'>;

/** Agent to controller worker. */
export type ControllerCalls = {
  assignMeeting: { request: AssignMeeting; answer: AssignMeetingAnswer };
  updateMeetingConfig: { request: UpdateMeetingConfig; answer: UpdateMeetingConfigAnswer };
  endMeeting: { request: EndMeeting; answer: EndMeetingAnswer };
  /** Meetings that others serve in these generations: those that are held in an earlier one are let go (ledger MC-8). */
  superseded: { request: { meetings: readonly SupersededMeeting[] }; answer: null };
  removeParticipant: { request: RemoveParticipant; answer: RemoveParticipantAnswer };
  listParticipants: { request: ListParticipants; answer: ListParticipantsAnswer };
  /** How many are in each meeting that is held. */
  presence: { request: null; answer: { meetings: PresenceEntry[] } };
  /** JWK set that signs join tokens, as JSON text. Given before the first assignment and whenever it changes. */
  setSigningKeys: { request: { signing_keys_json: string }; answer: null };
  /** Routers that a handler has lost; `handler_id` is checked to be the handler that says so. */
  routersLost: { request: RoutersLost; answer: RoutersLostAnswer };
  /** Sessions that have ended at a handler; `handler_id` is checked to be the handler that says so. */
  transportsLost: { request: TransportsLost; answer: TransportsLostAnswer };
  /** What became of participants' paths; `handler_id` is checked to be the handler that says so. */
  qualityAlerts: { request: QualityAlerts; answer: QualityAlertsAnswer };
  stats: { request: null; answer: ControllerStats };
  shutdown: { request: { reason: string }; answer: null };
};

/** One HTTP call to a media handler's internal API, made by the agent for its controller worker. */
export interface HandlerRequest {
  readonly internal_url: string;
  readonly certificate_hashes: readonly string[];
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** W3C trace context on whose behalf it is made. */
  readonly traceparent?: string | undefined;
}

/** Controller worker to agent. Any outcome but a 2xx fails with the error code of whoever was asked. */
export type AgentCalls = {
  /** Answers the body. */
  handlerRequest: { request: HandlerRequest; answer: unknown };
  /** Asks the global controller for other media handlers (ledger GC-11). */
  replaceHandlers: { request: Omit<RequestMhReplacement, 'controller_id'>; answer: MhReplacement };
  /** Tells the global controller what a host has muted (ledger MC-8). */
  hostMuted: { request: Omit<HostMuteNotice, 'controller_id'>; answer: HostMuteAnswer };
  /** Tells the global controller that a meeting is over (ledger GC-13). */
  meetingEnded: { request: Omit<EndedMeetingNotice, 'controller_id'>; answer: EndMeetingAnswer };
};
