// WebTransport sessions on a UDP port. One process is one core is one port: QUIC's cryptography, the socket and this code
// share one thread (ledger MH-1, SFU-5: TLS 1.3 ends here).
import { CloseCode } from '../../../shared/base/closeCode.ts';
import type { AddressSlot, GateRefusal } from '../AddressGate.ts';
import { H3_EXCESSIVE_LOAD, H3_NO_ERROR } from '../h3/fault.ts';
import {
  createTransportCounters,
  type ListenOptions,
  type SessionDecision,
  type SessionListener,
  type SessionRequest,
  type TransportCounters,
} from '../MediaSession.ts';
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
import { unlessLate } from './unlessLate.ts';

/** Connections beyond the sessions: handshakes under way, and closed sessions whose peer has not seen it yet. */
const EXTRA_CONNECTIONS = 256;
/** What a client is told that comes when all sessions are taken. */
const FULL: SessionDecision = {
  accept: false,
  close: {
    code: CloseCode.quotaExceeded,
    reason: 'This server has all the sessions that it takes: try again later',
  },
};
/** And one whose address has all the sessions that it may have. */
const TOO_MANY_FROM_ADDRESS: SessionDecision = {
  accept: false,
  close: {
    code: CloseCode.quotaExceeded,
    reason:
      'Your network has all the sessions that this server takes from one address: close some, or try again later',
  },
};
const GATE_COUNTERS = {
  handshakes: 'addressHandshakesRefused',
  connections: 'addressConnectionsRefused',
} as const satisfies Record<GateRefusal, keyof TransportCounters>;

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
        decide: (request) => this.#decide(request, slot),
      });
      if (session !== undefined) await this.#keep(session, slot);
    } finally {
      slot.release();
    }
  }

  #decide(request: SessionRequest, slot: AddressSlot): SessionDecision {
    if (this.#closing || this.#sessions.size >= this.#options.limits.maxSessions) return FULL;
    try {
      const decision = this.#options.onRequest(request);
      if (!decision.accept || slot.openSession()) return decision;
    } catch {
      this.counters.handlerFaults++;
      return { accept: false, status: 500 };
    }
    this.counters.addressSessionsRefused++;
    return TOO_MANY_FROM_ADDRESS;
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
