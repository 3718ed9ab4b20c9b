import type { MediaSession } from '../MediaSession.ts';

/** An end of a pair, with what only a test needs: acting out a peer that is slow or gone. */
export interface PairedSession extends MediaSession {
  /** This end stops reading: what the peer sends stays in flight, up to the peer's bounds. */
  hold(): void;
  /** This end reads again; what waited is delivered. */
  release(): void;
  /** The path is gone: both ends see the session as lost, without a code. */
  lose(): void;
}
