// Every HTTP path that one process calls on another, in one place.

export const API_PREFIX = '/api/v1';

/** On the global controller. */
export const gcPaths = {
  meetings: `${API_PREFIX}/meetings`,
  meeting: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}`,
  joinMeeting: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/join`,
  endMeeting: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/end`,
  mediaHandlers: `${API_PREFIX}/media-handlers`,
  loadReports: (handlerId: string) =>
    `${API_PREFIX}/media-handlers/${encodeURIComponent(handlerId)}/load-reports`,
  meetingControllers: `${API_PREFIX}/meeting-controllers`,
  heartbeats: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/heartbeats`,
  meetingEvents: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/events`,
  unreachable: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/unreachable`,
  handlerReplacements: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/handler-replacements`,
  presence: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/presence`,
  endedMeetings: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/ended-meetings`,
  hostMutes: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/host-mutes`,
  refreshJoin: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/join/refresh`,
  guestChallenges: (meetingId: string) =>
    `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/guest-challenges`,
  participants: (meetingId: string) => `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/participants`,
  participant: (meetingId: string, participantId: string) =>
    `${API_PREFIX}/meetings/${encodeURIComponent(meetingId)}/participants/${encodeURIComponent(participantId)}`,
  nodes: `${API_PREFIX}/nodes`,
  auth: `${API_PREFIX}/auth`,
  authToken: `${API_PREFIX}/auth/token`,
  revocations: `${API_PREFIX}/auth/revocations`,
  drainMediaHandler: (handlerId: string) =>
    `${API_PREFIX}/media-handlers/${encodeURIComponent(handlerId)}/drain`,
  drainMeetingController: (controllerId: string) =>
    `${API_PREFIX}/meeting-controllers/${encodeURIComponent(controllerId)}/drain`,
  openApi: `${API_PREFIX}/openapi.json`,
  docs: `${API_PREFIX}/docs`,
  health: '/health',
} as const;

/** On a meeting controller's internal address, called by the global controller and, for lost routers, by media handlers. */
export const controllerPaths = {
  assignMeeting: '/internal/v1/assignments',
  updateMeetingConfig: '/internal/v1/assignments/config',
  endMeeting: '/internal/v1/assignments/end',
  removeParticipant: '/internal/v1/participants/remove',
  listParticipants: '/internal/v1/participants/list',
  routersLost: '/internal/v1/routers-lost',
  transportsLost: '/internal/v1/transports-lost',
  qualityAlerts: '/internal/v1/quality-alerts',
  controller: '/internal/v1/controller',
} as const;

/** On a media handler's internal address, called by meeting controllers (ledger SFU-3). */
export const handlerPaths = {
  /** Prometheus text. */
  metrics: '/metrics',
  workers: '/internal/v1/workers',
  worker: (workerId: string) => `/internal/v1/workers/${encodeURIComponent(workerId)}`,
  routers: '/internal/v1/routers',
  router: (routerId: string) => `/internal/v1/routers/${encodeURIComponent(routerId)}`,
  transports: (routerId: string) => `${handlerPaths.router(routerId)}/transports`,
  transport: (routerId: string, transportId: string) =>
    `${handlerPaths.transports(routerId)}/${encodeURIComponent(transportId)}`,
  muteTransport: (routerId: string, transportId: string) =>
    `${handlerPaths.transport(routerId, transportId)}/mute`,
  producers: (routerId: string) => `${handlerPaths.router(routerId)}/producers`,
  producer: (routerId: string, producerId: string) =>
    `${handlerPaths.producers(routerId)}/${encodeURIComponent(producerId)}`,
  consumers: (routerId: string) => `${handlerPaths.router(routerId)}/consumers`,
  consumer: (routerId: string, consumerId: string) =>
    `${handlerPaths.consumers(routerId)}/${encodeURIComponent(consumerId)}`,
} as const;
