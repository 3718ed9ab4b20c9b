// WebTransport sessions on a UDP port. One process is one core is one port: QUIC's cryptography, the socket and this code
// share one thread (ledger MH-1, SFU-5: TLS 1.3 ends here).
import type { AddressSlot } from '../AddressGate.ts';
import { decide, EXTRA_CONNECTIONS, GATE_COUNTERS } from '../admission.ts';
import { H3_EXCESSIVE_LOAD, H3_NO_ERROR } from '../h3/fault.ts';
import {
  createTransportCounters,
  type ListenOptions,
  type SessionListener,
  type TransportCounters,
} from '../MediaSession.ts';
import { unlessLate } from '../unlessLate.ts';
import { acceptSession } from './acceptSession.ts';
import type { QuicMediaSession } from './QuicMediaSession.ts';
import {
  type QuicConnection,
  type QuicEndpoint,
  type QuicIncoming,
  type QuicListener,
  quicApi,
} from './quic.ts';
import { ALPN_PROTOCOLS, transportOptions } from './transportOptions.ts';

/** Rejects when the port is taken or the certificate is not one. */
export async function listenQuic(options: ListenOptions): Promise<SessionListener> {
  const endpoint = new (quicApi().QuicEndpoint)({ hostname: options.hostname, port: options.port });
  return new QuicSessionListener(endpoint, options);
}

class QuicSessionListener implements SessionListener {
  readonly port: number;
  readonly counters = createTransportCounters();
  readonly #endpoint: QuicEndpoint;
  readonly #options: ListenOptions;
  readonly #sessions = new Set<QuicMediaSession>();
  /**
   * Never read and never shortened: a listener that is collected takes the endpoint's configuration with it, whichever
   * certificate that is by then, and every later handshake times out.
   */
  readonly #listeners: QuicListener[] = [];
  #connections = 0;
  #closing = false;

  constructor(endpoint: QuicEndpoint, options: ListenOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.port = endpoint.addr.port;
    void this.#acceptAll(this.#listen(options.certificatePem, options.privateKeyPem));
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  replaceCertificate(certificatePem: string, privateKeyPem: string): void {
    this.#listen(certificatePem, privateKeyPem);
  }

  async close(code: number, reason: string): Promise<void> {
    this.#closing = true;
    const sessions = [...this.#sessions];
    for (const session of sessions) session.close(code, reason);
    await Promise.all(sessions.map((session) => session.gone));
    this.#endpoint.close({ closeCode: H3_NO_ERROR, reason });
  }

  #listen(cert: string, key: string): QuicListener {
    const listener = this.#endpoint.listen({
      ...transportOptions(this.#options.limits),
      alpnProtocols: ALPN_PROTOCOLS,
      cert,
      key,
    });
    this.#listeners.push(listener);
    return listener;
  }

  /** One loop for all certificates: the listeners of an endpoint share one queue. */
  async #acceptAll(first: QuicListener): Promise<void> {
    for (;;) {
      let incoming: QuicIncoming;
      try {
        incoming = await first.incoming();
      } catch {
        // The endpoint is closed.
        return;
      }
      const { limits, gate } = this.#options;
      if (this.#closing || this.#connections >= limits.maxSessions + EXTRA_CONNECTIONS)
        this.#refuse(incoming, 'connectionsRefused');
      else if (!gate.allowsHandshake()) this.#refuse(incoming, 'handshakesRefused');
      else void this.#serve(incoming);
    }
  }

  #refuse(incoming: QuicIncoming, counter: keyof TransportCounters): void {
    this.counters[counter]++;
    try {
      incoming.refuse();
    } catch {
      // It is gone already.
    }
  }

  async #serve(incoming: QuicIncoming): Promise<void> {
    this.#connections++;
    try {
      // Before the handshake is over, which is as early as the engine tells the address: what its first packet costs is spent.
      const quic = incoming.accept({ zeroRtt: true });
      const entry = this.#options.gate.enter(quic.remoteAddr.hostname);
      if (entry.ok) await this.#serveFrom(entry.slot, quic);
      else {
        this.counters[GATE_COUNTERS[entry.reason]]++;
        quic.handshake.catch(() => undefined);
        quic.close({ closeCode: H3_EXCESSIVE_LOAD, reason: `Too many ${entry.reason} from this address` });
      }
    } catch {
      // Not our protocol, a client that trusts another certificate, or one that went away.
      this.counters.handshakesFailed++;
    } finally {
      this.#connections--;
    }
  }

  async #serveFrom(slot: AddressSlot, quic: QuicConnection): Promise<void> {
    const { limits } = this.#options;
    try {
      // Nothing that may be a replay of another connection is looked at (RFC 9001 §9.2).
      const shaken = quic.handshake.then(() => true);
      if ((await unlessLate(shaken, limits.handshakeTimeoutMs)) === undefined) {
        this.counters.handshakesFailed++;
        quic.close({ closeCode: H3_NO_ERROR, reason: 'Handshake took too long' });
        return;
      }
      const session = await acceptSession(quic, {
        limits,
        counters: this.counters,
        decide: (request) =>
          decide(
            {
              options: this.#options,
              counters: this.counters,
              sessions: this.#sessions.size,
              closing: this.#closing,
            },
            request,
            slot,
          ),
      });
      if (session !== undefined) await this.#keep(session, slot);
    } finally {
      slot.release();
    }
  }

  async #keep(session: QuicMediaSession, slot: AddressSlot): Promise<void> {
    this.#sessions.add(session);
    void session.ended.then(() => {
      this.#sessions.delete(session);
      slot.closeSession();
    });
    try {
      this.#options.onSession(session);
    } catch {
      this.counters.handlerFaults++;
      session.close(0, '');
    }
    await session.gone;
  }
}
