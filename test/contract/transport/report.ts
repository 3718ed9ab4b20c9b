/** What the Deno side of the contract gets. */
export interface ContractInput {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the certificate, base64. */
  readonly hash: string;
  readonly port: number;
}

/** What it answers for each case. */
export interface CaseResult {
  readonly name: string;
  /** Absent when it passed. */
  readonly error?: string;
}
