// What the bench (Node) tells its clients (Deno): one line of JSON in, one line of JSON per answer out.

export interface Person {
  readonly userId: number;
  readonly connectionToken: string;
  /** Streams that it sends, from 1; 0 when it only receives. */
  readonly streams: number;
}

/** What a worker holds after its garbage is collected. */
export interface WorkerMemory {
  readonly rssBytes: number;
  /** The heap, and what V8 knows of outside it. */
  readonly heapBytes: number;
}

export type MemoryCommand =
  | {
      readonly command: 'connect';
      readonly url: string;
      readonly certificateHash: string;
      readonly people: readonly Person[];
    }
  /** Every person sends on each of its streams at this rate. */
  | { readonly command: 'send'; readonly ratePerStream: number; readonly durationMs: number };

export interface SendAnswer {
  /** Datagrams sent, by user id. */
  readonly sentByUser: Readonly<Record<number, number>>;
  readonly delivered: number;
}
