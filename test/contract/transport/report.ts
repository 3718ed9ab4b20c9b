import type { SessionClose } from '../../../media-node/transport/MediaSession.ts';

export interface TestCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the certificate, base64. */
  readonly hash: string;
}

/** What the Deno side of a suite gets. */
export interface ContractInput extends TestCertificate {
  readonly port: number;
  /** A second certificate, for what replaces the first. */
  readonly next?: TestCertificate;
}

/** What it answers for each case. */
export interface CaseResult {
  readonly name: string;
  /** Absent when it passed. */
  readonly error?: string;
}

/** What the server that browsers try says. */
export type PeerEvent =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'session'; readonly path: string; readonly origin: string | undefined }
  | { readonly type: 'closed'; readonly path: string; readonly close: SessionClose }
  /** The browser opened a unidirectional stream. */
  | { readonly type: 'stream'; readonly path: string }
  | { readonly type: 'streamEnded'; readonly path: string; readonly code?: number };
