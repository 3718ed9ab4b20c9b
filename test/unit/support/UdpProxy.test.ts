import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../bench/placement/seededRandom.ts';
import { UdpProxy } from '../../support/UdpProxy.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function socket(): Promise<Socket> {
  const made = createSocket('udp4');
  made.bind(0, '127.0.0.1');
  await once(made, 'listening');
  open.push(made);
  return made;
}

/** A server that answers every datagram with the same bytes, behind a proxy. */
async function echoBehindProxy(): Promise<{ proxy: UdpProxy; seenPorts: Set<number> }> {
  const server = await socket();
  const seenPorts = new Set<number>();
  server.on('message', (bytes, from) => {
    seenPorts.add(from.port);
    server.send(bytes, from.port, from.address);
  });
  const proxy = await UdpProxy.start({
    serverPort: server.address().port,
    clock: systemClock,
    random: seededRandom(1),
  });
  open.unshift(proxy);
  return { proxy, seenPorts };
}

async function ask(client: Socket, proxy: UdpProxy, text: string): Promise<string> {
  const answer = once(client, 'message') as Promise<[Buffer]>;
  client.send(text, proxy.port, '127.0.0.1');
  return (await answer)[0].toString();
}

describe('UdpProxy', () => {
  it('gives each client a socket of its own, and answers to the one that asked', async () => {
    const { proxy, seenPorts } = await echoBehindProxy();
    const [one, other] = [await socket(), await socket()];
    expect(await Promise.all([ask(one, proxy, 'one'), ask(other, proxy, 'other')])).toEqual(['one', 'other']);
    expect(seenPorts.size).toBe(2);
    expect(proxy.counts.toServer).toEqual({ passed: 2, lost: 0 });
    expect(proxy.counts.toClient).toEqual({ passed: 2, lost: 0 });
  });

  it('delays each direction by itself, and keeps the order', async () => {
    const { proxy } = await echoBehindProxy();
    const client = await socket();
    await ask(client, proxy, 'warm');
    proxy.impair('toServer', { delayMs: 30 });
    proxy.impair('toClient', { delayMs: 40 });
    const startMs = systemClock.monotonicMs();
    const answers: string[] = [];
    const last = new Promise<void>((resolve) =>
      client.on('message', (bytes) => {
        answers.push(bytes.toString());
        if (answers.length === 3) resolve();
      }),
    );
    for (const text of ['a', 'b', 'c']) client.send(text, proxy.port, '127.0.0.1');
    await last;
    expect(answers).toEqual(['a', 'b', 'c']);
    expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(69);
  });

  it('loses what it is told to lose while it runs, and counts it', async () => {
    const { proxy } = await echoBehindProxy();
    const client = await socket();
    await ask(client, proxy, 'before');
    proxy.impair('toServer', { lossRatio: 1 });
    client.send('lost', proxy.port, '127.0.0.1');
    await expect.poll(() => proxy.counts.toServer.lost).toBe(1);
    proxy.impair('toServer', {});
    expect(await ask(client, proxy, 'after')).toBe('after');
  });
});
