// What the test of stalled streams (Node) tells its clients (Deno): one line of JSON in, one line of JSON out. Seats and the
// publisher's streams count from 0, in the order in which they were made; bytes are base64.

export const PUBLISHER_USER_ID = 1;

export type StallCommand =
  | {
      readonly command: 'connect';
      readonly url: string;
      readonly certificateHash: string;
      /** One a seat. The first publishes. */
      readonly connectionTokens: readonly string[];
      /** Seats that take nothing of the streams that they get, until `read`. */
      readonly idle: readonly number[];
    }
  /** The publisher opens a stream. */
  | { readonly command: 'open' }
  /** Sends bytes on one; answered with TakenAnswer. */
  | { readonly command: 'write'; readonly stream: number; readonly bytes: string }
  | { readonly command: 'finish'; readonly stream: number }
  /** Who took nothing takes what there is, and what comes. */
  | { readonly command: 'read' }
  /** The publisher sends sound in datagrams, on this stream, until `be silent`. */
  | { readonly command: 'talk'; readonly streamId: number }
  | { readonly command: 'be silent' }
  /** Answered with LookAnswer. */
  | { readonly command: 'look' };

export interface TakenAnswer {
  /** False once the other end has stopped the stream. */
  readonly taken: boolean;
}

export interface LookAnswer {
  readonly datagramsSent: number;
  readonly seats: readonly {
    readonly datagrams: number;
    /** In the order in which they came. */
    readonly streams: readonly {
      readonly byteCount: number;
      /** Of these bytes, in hex. */
      readonly sha256: string;
      readonly ended: boolean;
    }[];
  }[];
}
