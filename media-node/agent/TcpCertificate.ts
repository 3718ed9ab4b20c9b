// The certificate that a node shows on TCP (architecture, decision 4): of a certificate authority, since browsers pin hashes
// on QUIC alone. It lies in two files, which whoever renews it replaces; they are read again on an interval.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../shared/base/clock.ts';
import { ENV } from '../../shared/base/env.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { WorkerCertificate } from '../ipc/protocol.ts';

/** Renewals are known days ahead. */
const READ_INTERVAL_MS = 60_000;

export interface TcpCertificateFiles {
  /** PEM, the node's own certificate first and those that lead to the authority behind it. */
  readonly certificateFile: string;
  /** PEM. */
  readonly privateKeyFile: string;
}

export interface TcpCertificateOptions extends TcpCertificateFiles {
  readonly clock: Clock;
  readonly log: Logger;
  readonly readIntervalMs?: number;
}

export class TcpCertificate {
  readonly #options: TcpCertificateOptions;
  readonly #listeners = new Set<(current: WorkerCertificate) => void>();
  readonly #timer: NodeJS.Timeout;
  #current: WorkerCertificate;

  private constructor(options: TcpCertificateOptions, current: WorkerCertificate) {
    this.#options = options;
    this.#current = current;
    this.#timer = setInterval(() => void this.#readAgain(), options.readIntervalMs ?? READ_INTERVAL_MS);
  }

  /** Rejects, with what to change, when the files cannot be read or are no certificate and its key. */
  static async read(options: TcpCertificateOptions): Promise<TcpCertificate> {
    return new TcpCertificate(options, await readPair(options));
  }

  get current(): WorkerCertificate {
    return this.#current;
  }

  /** Calls back whenever the files hold another certificate. */
  onReplaced(listener: (current: WorkerCertificate) => void): void {
    this.#listeners.add(listener);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Files that are being replaced, or were replaced by something wrong, change nothing but the log. */
  async #readAgain(): Promise<void> {
    const { log } = this.#options;
    try {
      const read = await readPair(this.#options);
      if (read.certificatePem === this.#current.certificatePem) return;
      this.#current = read;
      log.info('TCP certificate replaced', { not_after: new X509Certificate(read.certificatePem).validTo });
      for (const listener of this.#listeners) listener(read);
    } catch (error) {
      log.error('TCP certificate cannot be read again; the one in use stays', { error });
    }
  }
}

async function readPair({
  certificateFile,
  privateKeyFile,
  clock,
}: TcpCertificateOptions): Promise<WorkerCertificate> {
  const certificatePem = await readText(certificateFile, ENV.tcpCertificateFile);
  const privateKeyPem = await readText(privateKeyFile, ENV.tcpPrivateKeyFile);
  const certificate = parse(() => new X509Certificate(certificatePem), certificateFile, 'certificate');
  const privateKey = parse(() => createPrivateKey(privateKeyPem), privateKeyFile, 'private key');
  if (!certificate.checkPrivateKey(privateKey))
    throw new Error(`${privateKeyFile} is not the private key of the certificate in ${certificateFile}`);
  if (Date.parse(certificate.validTo) <= clock.epochMs())
    throw new Error(`The certificate in ${certificateFile} ended on ${certificate.validTo}: renew it`);
  return { certificatePem, privateKeyPem };
}

async function readText(file: string, variable: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Error(`${variable} names ${file}, which cannot be read: ${reason}`, { cause });
  }
}

function parse<T>(read: () => T, file: string, what: string): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${file} holds no ${what} in PEM form`, { cause });
  }
}
