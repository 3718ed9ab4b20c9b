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
