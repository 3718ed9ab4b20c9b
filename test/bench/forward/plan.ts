// What the bench (Node), its bare relay and its clients (Deno) say to each other: JSON lines on standard input and output.

/** Which of the two a session is with: the project's worker, or the relay with no logic. */
export type Side = 'worker' | 'bare';
export const SIDES: readonly Side[] = ['worker', 'bare'];

/** First line on the bare relay's standard input; its answer is `{"port"}`. */
export interface BareRelayPlan {
  readonly hostname: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** One person of a case: what it needs to connect to both sides. */
export interface Seat {
  readonly userId: number;
  /** 0: it only receives. */
  readonly streamId: number;
  readonly connectionToken: string;
}

export interface ConnectCommand {
  readonly command: 'connect';
  readonly workerUrl: string;
  readonly bareUrl: string;
  readonly certificateHash: string;
  readonly seats: readonly Seat[];
  /** The others' streams each seat receives, by user and stream: what its acknowledgements name. */
  readonly payloadBytes: number;
}

export interface RunCommand {
  readonly command: 'run';
  readonly side: Side;
  /** Datagrams a second and publisher. */
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Keeps the figures of this run; a warm-up does not. */
  readonly measured: boolean;
}

/** Ends the sessions, answers the figures of the measured runs. */
export interface FinishCommand {
  readonly command: 'finish';
}
export type ClientCommand = ConnectCommand | RunCommand | FinishCommand;

export interface RunAnswer {
  readonly sent: number;
  readonly expected: number;
  readonly delivered: number;
}

export type Latencies = Readonly<Record<Side, { readonly p50Ms: number; readonly p99Ms: number }>>;
