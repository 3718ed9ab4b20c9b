// What the bench (Node) and its clients (Deno) say to each other: JSON lines on standard input and output.

/** The camera's layers, from the lowest; stream ids are 1, 2, 3, and sound is 4. */
export const LAYERS = [
  { streamId: 1, bitrateBps: 150_000 },
  { streamId: 2, bitrateBps: 500_000 },
  { streamId: 3, bitrateBps: 1_500_000 },
] as const;
export const AUDIO_STREAM_ID = 4;
/** The layers of a screen that the publisher shares, where it does. */
export const SCREEN_LAYERS = [
  { streamId: 5, bitrateBps: 400_000 },
  { streamId: 6, bitrateBps: 1_200_000 },
] as const;
export const PUBLISHER_USER_ID = 1;

export interface ConnectCommand {
  readonly command: 'connect';
  readonly certificateHash: string;
  /** Of the worker itself, for the publisher. */
  readonly url: string;
  readonly publisherToken: string;
  readonly sharesScreen: boolean;
  readonly viewers: readonly { readonly url: string; readonly connectionToken: string }[];
}

/** Answers what each viewer has seen since the answer before. */
export interface TakeCommand {
  readonly command: 'take';
}

/** Ends the sending, lets arrive what is on its way, and answers as `take`. */
export interface FinishCommand {
  readonly command: 'finish';
}
export type ClientCommand = ConnectCommand | TakeCommand | FinishCommand;

export interface ViewerFigures {
  /** Since the start. */
  readonly datagramsReceived: number;
  /** Since the answer before. */
  readonly framesPerSecond: number;
  readonly longestFreezeMs: number;
  /** From capture to arrival, datagrams of pictures; absent when none came. */
  readonly p95LatencyMs?: number;
  readonly soundLossRatio: number;
}

export interface TakeAnswer {
  readonly viewers: readonly ViewerFigures[];
}
