import type { SessionClose } from '../../../../media-node/transport/MediaSession.ts';

/** What the server that browsers try says. */
export type PeerEvent =
  | { readonly type: 'listening'; readonly port: number }
  | {
      readonly type: 'session';
      readonly path: string;
      readonly origin: string | undefined;
      readonly query: string;
    }
  | { readonly type: 'closed'; readonly path: string; readonly close: SessionClose }
  /** The browser opened a unidirectional stream. */
  | { readonly type: 'stream'; readonly path: string }
  | { readonly type: 'streamEnded'; readonly path: string; readonly code?: number };

/** What the page is told by the test's server. */
export interface PageConfig {
  /** `https://host:port` of the server under test. */
  readonly url: string;
  /** SHA-256 of its certificate. */
  readonly hash: readonly number[];
}

/** What it answers for each path that it tried. */
export interface PageResult {
  readonly path: string;
  /** What it found; absent with `error`. */
  readonly value?: unknown;
  readonly error?: string;
}
