// Names of the environment variables that a composition root reads and a launcher (infra/) sets. Each main reads them
// once, through a schema; nothing else reads the environment.

export const ENV = {
  /** All: debug, info, warn or error. */
  logLevel: 'DARK_TOWER_LOG_LEVEL',
  region: 'DARK_TOWER_REGION',
  /** All: shared secret with which nodes authenticate to the global controller where there is no IAM. */
  nodeToken: 'DARK_TOWER_NODE_TOKEN',

  /** Global controller: DynamoDB table name. */
  tableName: 'DARK_TOWER_TABLE',
  /** Global controller: private JWK that signs tokens, as JSON text (on AWS; the local one keeps its own). */
  signingJwk: 'DARK_TOWER_SIGNING_JWK',
  /** Global controller: bearer key that clients of the public API show (on AWS; the local one lets everyone in). */
  apiKey: 'DARK_TOWER_API_KEY',
  /** Global controller: JSON list of the issuers whose tokens are trusted; fields in shared/api/accessSettings.ts. */
  issuers: 'DARK_TOWER_ISSUERS',
  /** Global controller: JSON list of the machine clients of the built-in issuer; fields likewise. */
  clients: 'DARK_TOWER_CLIENTS',
  /** Global controller: what guests have to show, `none` or `proof-of-work`. */
  humanCheck: 'DARK_TOWER_HUMAN_CHECK',
  /** Global controller: requests that change something, per client and minute; 0 is without a limit. */
  writesPerMinute: 'DARK_TOWER_WRITES_PER_MINUTE',
  /** Global controller: how long records of meetings that have ended stay, days. */
  retentionDays: 'DARK_TOWER_RETENTION_DAYS',
  /** Local global controller: `open` lets everyone in who shows nothing, `tokens` asks for a token as on AWS. */
  access: 'DARK_TOWER_ACCESS',
  /** Local global controller: where it listens. */
  httpHost: 'DARK_TOWER_HTTP_HOST',
  httpPort: 'DARK_TOWER_HTTP_PORT',
  /** Local global controller: directory of its state; absent keeps it in memory. */
  dataDirectory: 'DARK_TOWER_DATA_DIRECTORY',
  /** Local global controller: directory of the built meeting page. */
  pageDirectory: 'DARK_TOWER_PAGE_DIRECTORY',

  /** Media node: its id. */
  nodeId: 'DARK_TOWER_NODE_ID',
  /** Media node: `controller`, `handler` or both, separated by a comma. */
  roles: 'DARK_TOWER_ROLES',
  zone: 'DARK_TOWER_ZONE',
  globalControllerUrl: 'DARK_TOWER_GLOBAL_CONTROLLER_URL',
  /** Media node: address that it announces, whatever it binds to (ledger SFU-7). */
  publicHost: 'DARK_TOWER_PUBLIC_HOST',
  bindHost: 'DARK_TOWER_BIND_HOST',
  /** Media node: address of its internal HTTP API; bound and announced. */
  internalHost: 'DARK_TOWER_INTERNAL_HOST',
  /** Media node: TCP port of the internal HTTP API; 0 picks a free one. */
  internalPort: 'DARK_TOWER_INTERNAL_PORT',
  /** Media node: first UDP port, one for each worker from there on; 0 picks free ones. */
  udpPortBase: 'DARK_TOWER_UDP_PORT_BASE',
  /**
   * Media node: files of the certificate and its private key, PEM, with which it takes sessions over TCP as well, on the same
   * port numbers; browsers must trust its authority. Read again when they change. Absent is without TCP.
   */
  tcpCertificateFile: 'DARK_TOWER_TCP_CERTIFICATE_FILE',
  tcpPrivateKeyFile: 'DARK_TOWER_TCP_PRIVATE_KEY_FILE',
  /** Media node: name that the certificate for TCP is for; absent is the announced address. */
  tcpHost: 'DARK_TOWER_TCP_HOST',
  /** Media node: handler workers; absent is one per core. */
  workers: 'DARK_TOWER_WORKERS',
  /** Media node: directory of the built worker scripts. */
  workerDirectory: 'DARK_TOWER_WORKER_DIRECTORY',
  /** Media node: executable that runs the workers. */
  denoPath: 'DARK_TOWER_DENO_PATH',
  /** Media node: routers and consumers that one handler worker takes (ledger SFU-8). */
  maxRouters: 'DARK_TOWER_MAX_ROUTERS',
  maxConsumers: 'DARK_TOWER_MAX_CONSUMERS',
  /** Media node: meetings that its controller takes. */
  maxMeetings: 'DARK_TOWER_MAX_MEETINGS',
  /**
   * Media node: WebTransport sessions at once, and handshakes a second (in bursts of five times as many), that a worker takes
   * from one source address; 0 is without a limit. Everybody behind a NAT shares an address.
   */
  maxSessionsPerAddress: 'DARK_TOWER_MAX_SESSIONS_PER_ADDRESS',
  handshakesPerAddress: 'DARK_TOWER_HANDSHAKES_PER_ADDRESS',
  /** Media node: bandwidth of the machine, bits per second, announced as its capacity. */
  maxBandwidthBps: 'DARK_TOWER_MAX_BANDWIDTH_BPS',
} as const;

/** Script names in the worker directory. */
export const WORKER_SCRIPTS = { handler: 'handlerWorker.js', controller: 'controllerWorker.js' } as const;

/** What a child process tells its launcher over IPC when it serves (`ready`) or cannot (`failed`). */
export type LauncherMessage<Info = unknown> =
  | { readonly type: 'ready'; readonly info: Info }
  | { readonly type: 'failed'; readonly reason: string };

export interface GlobalControllerInfo {
  readonly url: string;
}

export interface MediaNodeInfo {
  readonly nodeId: string;
  readonly internalUrl: string;
  readonly workers: readonly {
    readonly role: 'handler' | 'controller';
    readonly pid: number;
    readonly udpPort: number;
  }[];
}
