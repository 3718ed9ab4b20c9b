import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withTcpFallback } from '../../../../../client/core/tcp/tcpFallback.ts';
import type { Timers } from '../../../../../client/core/timers.ts';
import { type ClientTransport, webTransport } from '../../../../../client/core/transport.ts';
import { type PairedTransport, pairWebTransports } from '../../../../support/pairedWebTransport.ts';

const URL_WITH_TCP = 'https://203.0.113.9:4433/media?tcp=node1.example.org%3A4433';

/** Timers that fire when they are told to. */
function heldTimers(): { readonly timers: Timers; readonly delays: number[]; fire(): void } {
  const waiting = new Set<() => void>();
  const delays: number[] = [];
  return {
    delays,
    fire: () => {
      for (const callback of [...waiting]) callback();
    },
    timers: {
      after: (delayMs, callback) => {
        delays.push(delayMs);
        waiting.add(callback);
        return () => waiting.delete(callback);
      },
      every: () => () => undefined,
    },
  };
}

/** A transport that is ready when it is told to be. */
function heldTransport(): { readonly transport: PairedTransport; open(): void; fail(): void } {
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const { client } = pairWebTransports();
  const transport = Object.defineProperties(client, { ready: { value: ready.promise } });
  return {
    transport,
    open: () => ready.resolve(),
    fail: () => ready.reject(new Error('Opening handshake failed')),
  };
}

function start(tcp = heldTransport()) {
  const quic = heldTransport();
  const held = heldTimers();
  const opened: string[] = [];
  const open = withTcpFallback({
    transport: (url) => {
      opened.push(url);
      return quic.transport;
    },
    timers: held.timers,
    load: async () => (url) => {
      opened.push(url);
      return tcp.transport;
    },
  });
  return { quic, tcp, held, opened, open };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

describe('TCP beside QUIC', () => {
  it('is not thought of where the server does not take it', () => {
    const { open, quic } = start();
    expect(open('https://203.0.113.9:4433/media', [])).toBe(quic.transport);
  });

  it('is not begun when QUIC is ready within its head start', async () => {
    const { open, quic, opened, held } = start();
    const session = open(URL_WITH_TCP, []);
    quic.open();
    await session.ready;
    held.fire();
    await settle();
    expect(opened).toEqual([URL_WITH_TCP]);
    expect(session.datagrams).toBe(quic.transport.datagrams);
  });

  it('is the session when QUIC says nothing, which is then closed', async () => {
    const { open, quic, tcp, opened, held } = start();
    const session = open(URL_WITH_TCP, []);
    held.fire();
    tcp.open();
    await session.ready;
    expect(opened).toEqual([URL_WITH_TCP, 'wss://node1.example.org:4433/media']);
    expect(session.datagrams).toBe(tcp.transport.datagrams);
    await expect(quic.transport.closed).resolves.toMatchObject({ closeCode: 0 });
    session.close({ closeCode: 7, reason: 'bye' });
    expect(await session.closed).toEqual({ closeCode: 7, reason: 'bye' });
  });

  it('is begun at once when QUIC fails, and when there is no QUIC', async () => {
    const { open, quic, tcp, opened } = start();
    const session = open(URL_WITH_TCP, []);
    quic.fail();
    tcp.open();
    await session.ready;
    expect(opened).toHaveLength(2);
    vi.stubGlobal('WebTransport', undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const without = withTcpFallback({
      transport: webTransport,
      timers: heldTimers().timers,
      load: async () => () => tcp.transport,
    });
    await without(URL_WITH_TCP, []).ready;
  });

  it('gives way to QUIC that is ready first after all', async () => {
    const { open, quic, tcp, held } = start();
    const session = open(URL_WITH_TCP, []);
    held.fire();
    await settle();
    quic.open();
    await session.ready;
    expect(session.datagrams).toBe(quic.transport.datagrams);
    await expect(tcp.transport.closed).resolves.toMatchObject({ closeCode: 0 });
  });

  it('is begun beside QUIC from the start once it has won', async () => {
    const { open, tcp, held } = start();
    const session = open(URL_WITH_TCP, []);
    held.fire();
    tcp.open();
    await session.ready;
    await settle();
    open(URL_WITH_TCP, []);
    expect(held.delays).toEqual([1_500, 0]);
  });

  it('fails as QUIC failed when neither comes through, and closes what is under way when it is given up', async () => {
    const { open, quic, tcp } = start();
    const session: ClientTransport = open(URL_WITH_TCP, []);
    quic.fail();
    tcp.fail();
    await expect(session.ready).rejects.toThrow('Opening handshake failed');
    const other = start();
    const given = other.open(URL_WITH_TCP, []);
    await settle();
    given.close();
    await expect(given.ready).rejects.toThrow('closed before it was open');
    await expect(other.quic.transport.closed).resolves.toMatchObject({ closeCode: 0 });
  });
});
