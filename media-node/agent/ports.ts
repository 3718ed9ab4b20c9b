// Ports that a person configured and that somebody else has: found out before a worker fails on them, so that the message
// names the variable to change.
import { createSocket } from 'node:dgram';
import type { Server } from 'node:net';
import { createServer, isIP } from 'node:net';
import { ENV } from '../../shared/base/env.ts';

/** Port numbers that are free for TCP and taken for UDP are rare. */
const MAX_PORT_ATTEMPTS = 20;

/** Rejects, with what to change, when the UDP port cannot be bound. */
export async function requireFreeUdpPort(host: string, port: number): Promise<void> {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4' });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: host, exclusive: true }, resolve);
    });
  } catch (error) {
    throw bindError(error, 'UDP', host, port, ENV.udpPortBase, ENV.bindHost);
  } finally {
    socket.close();
  }
}

/** Rejects, with what to change, when the TCP port of a worker cannot be bound. */
export async function requireFreeTcpPort(host: string, port: number): Promise<void> {
  try {
    await bindTcp(host, port);
  } catch (error) {
    throw bindError(error, 'TCP', host, port, ENV.udpPortBase, ENV.bindHost);
  }
}

/**
 * A port number that is free for UDP and TCP alike. Somebody may take it before it is used: whoever uses it asks for another
 * then.
 */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await bindTcp(host, 0);
    try {
      await requireFreeUdpPort(host, port);
      return port;
    } catch (error) {
      if (attempt === MAX_PORT_ATTEMPTS) throw error;
    }
  }
}

/** Binds a port for a moment; answers with its number. */
async function bindTcp(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has no port');
  return address.port;
}

/** Binds a TCP server and answers with its port. Rejects, with what to change, when it cannot be bound. */
export async function listenTcp(server: Server, host: string, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    throw bindError(error, 'TCP', host, port, ENV.internalPort, ENV.internalHost);
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has no port');
  return address.port;
}

function bindError(
  error: unknown,
  protocol: string,
  host: string,
  port: number,
  portVariable: string,
  hostVariable: string,
): Error {
  const { code } = error as NodeJS.ErrnoException;
  const where = `${protocol} port ${port} on ${host}`;
  if (code === 'EADDRINUSE')
    return new Error(`${where} is taken: end what uses it or change ${portVariable}`, { cause: error });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Error(`${host} is not an address of this machine: change ${hostVariable}`, { cause: error });
  if (code === 'EACCES')
    return new Error(`${where} may not be bound by this user: change ${portVariable}`, { cause: error });
  return new Error(`${where} cannot be bound: ${code ?? String(error)}`, { cause: error });
}
