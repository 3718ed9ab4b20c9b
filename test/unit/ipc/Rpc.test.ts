import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRpc, type Rpc, type RpcHandlers } from '../../../media-node/ipc/Rpc.ts';
import { ApiError } from '../../../shared/api/error.ts';

type AgentSide = { clock: { request: null; answer: number } };
type WorkerSide = {
  add: { request: { a: number; b: number }; answer: number };
  fail: { request: { how: 'api' | 'bug' }; answer: null };
  never: { request: null; answer: null };
};
type Notices = { listening: { port: number } };

/** Two ends joined by JSON text, delivered in a later microtask as a real channel would. */
function connect(options: { maxOutstanding?: number } = {}) {
  let toWorker: (message: unknown) => void = () => undefined;
  let toAgent: (message: unknown) => void = () => undefined;
  const errors: string[] = [];
  const carry = (deliver: (message: unknown) => void, message: unknown): void => {
    const text = JSON.stringify(message);
    queueMicrotask(() => deliver(JSON.parse(text)));
  };
  const handlers: RpcHandlers<WorkerSide> = {
    add: ({ a, b }) => a + b,
    fail: async ({ how }) => {
      if (how === 'api') throw new ApiError('CONFLICT', 'Router exists', { details: { router_id: 'r' } });
      throw new Error('a secret path');
    },
    never: () => new Promise<null>(() => undefined),
  };
  const agent: Rpc<WorkerSide, Notices> = createRpc<WorkerSide, AgentSide, Notices>({
    send: (message) => carry(toWorker, message),
    onMessage: (callback) => {
      toAgent = callback;
    },
    timeoutMs: 1_000,
    handlers: { clock: () => 7 },
    ...options,
  });
  const worker: Rpc<AgentSide, Notices> = createRpc<AgentSide, WorkerSide, Notices>({
    send: (message) => carry(toAgent, message),
    onMessage: (callback) => {
      toWorker = callback;
    },
    timeoutMs: 1_000,
    handlers,
    onError: (name, error) => errors.push(`${name}: ${String(error)}`),
    ...options,
  });
  return {
    agent,
    worker,
    errors,
    deliverToAgent: (message: unknown) => toAgent(message),
    deliverToWorker: (message: unknown) => toWorker(message),
  };
}

describe('createRpc', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('SFU-3 carries calls both ways and answers each by its id', async () => {
    const { agent, worker } = connect();
    expect(
      await Promise.all([
        agent.call('add', { a: 1, b: 2 }),
        agent.call('add', { a: 3, b: 4 }),
        worker.call('clock', null),
      ]),
    ).toEqual([3, 7, 7]);
    expect([agent.outstanding, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('SFU-3 gives an ApiError back as it was thrown', async () => {
    const { agent } = connect();
    await expect(agent.call('fail', { how: 'api' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Router exists',
      details: { router_id: 'r' },
      status: 409,
    });
  });

  it('SFU-3 hides what else a handler throws and reports it on its own side', async () => {
    const { agent, errors } = connect();
    await expect(agent.call('fail', { how: 'bug' })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'Call "fail" failed',
    });
    expect(errors).toEqual(['fail: Error: a secret path']);
  });

  it.each(['missing', '__proto__', 'constructor'])(
    'SFU-3 answers the unknown call %s with NOT_FOUND',
    async (name) => {
      const { agent } = connect();
      await expect(agent.call(name as 'add', { a: 1, b: 2 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    },
  );

  it('SFU-3 rejects a call that has no answer in time and ignores the answer when it comes', async () => {
    const { agent, deliverToAgent } = connect();
    const call = agent.call('never', null);
    const rejected = expect(call).rejects.toThrow('Call "never" had no answer after 1000 ms');
    await vi.advanceTimersByTimeAsync(1_000);
    await rejected;
    deliverToAgent({ kind: 'answer', id: 1, body: null });
    expect([agent.outstanding, agent.ignoredMessages]).toEqual([0, 1]);
  });

  it('SFU-3 rejects everything outstanding and later when the channel closes, once', async () => {
    const { agent } = connect();
    const call = agent.call('never', null);
    const rejected = expect(call).rejects.toThrow('Channel closed: worker 3 ended');
    agent.close('worker 3 ended');
    agent.close('again');
    await rejected;
    await expect(agent.call('add', { a: 1, b: 1 })).rejects.toThrow('worker 3 ended');
    expect([agent.notify('listening', { port: 1 }), vi.getTimerCount()]).toEqual([false, 0]);
  });

  it('SFU-3 bounds the calls that wait', async () => {
    const { agent } = connect({ maxOutstanding: 2 });
    const waiting = [agent.call('never', null), agent.call('never', null)];
    await expect(agent.call('add', { a: 1, b: 1 })).rejects.toThrow('at most 2 calls wait at once');
    agent.close('over');
    await Promise.allSettled(waiting);
  });

  it('SFU-3 bounds the calls that the other end can make it run', async () => {
    const { worker, deliverToWorker, agent } = connect({ maxOutstanding: 1 });
    const first = agent.call('never', null);
    await vi.advanceTimersByTimeAsync(0);
    deliverToWorker({ kind: 'request', id: 99, name: 'never', body: null });
    deliverToWorker({ kind: 'request', id: 100, name: 'add', body: { a: 1, b: 1 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(agent.ignoredMessages).toBe(2);
    worker.close('over');
    agent.close('over');
    await Promise.allSettled([first]);
  });

  it('SFU-3 rejects a call whose message cannot be sent', async () => {
    const rpc = createRpc<WorkerSide, AgentSide>({
      send: () => {
        throw new Error('ERR_IPC_CHANNEL_CLOSED');
      },
      onMessage: () => undefined,
      timeoutMs: 10,
      handlers: { clock: () => 0 },
    });
    await expect(rpc.call('never', null)).rejects.toThrow(
      'Call "never" failed: the message could not be sent',
    );
    expect([rpc.outstanding, vi.getTimerCount(), rpc.notify('x', 1)]).toEqual([0, 0, false]);
  });

  it('SFU-3 delivers notices and contains what their callback throws', async () => {
    const { agent, worker, errors } = connect();
    const ports: number[] = [];
    agent.onNotice('listening', ({ port }) => ports.push(port));
    worker.onNotice('listening', () => {
      throw new Error('no');
    });
    worker.notify('listening', { port: 4_433 });
    agent.notify('listening', { port: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect([ports, errors]).toEqual([[4_433], ['listening: Error: no']]);
  });

  it('MH-10 ignores and counts malformed messages', async () => {
    const { agent, deliverToAgent } = connect();
    const bad = [
      null,
      1,
      'x',
      [],
      {},
      { kind: 'request' },
      { kind: 'request', id: 'a', name: 'clock' },
      { kind: 'answer', id: '1' },
      { kind: 'notice' },
      { kind: 'notice', name: 'nobody' },
      { kind: 'else', id: 1, name: 'clock' },
    ];
    for (const message of bad) deliverToAgent(message);
    expect(agent.ignoredMessages).toBe(bad.length);
    expect(await agent.call('add', { a: 2, b: 2 })).toBe(4);
  });

  it.each([
    [undefined, 'Call failed without saying why'],
    [{ code: 'NOT_A_CODE', message: 'why' }, 'why'],
    [{ code: 'CONFLICT' }, 'Call failed without saying why'],
  ])('MH-10 makes an error of the malformed error %j', async (error, message) => {
    const { agent, deliverToAgent } = connect();
    const call = agent.call('never', null);
    deliverToAgent({ kind: 'answer', id: 1, error: error ?? 'text' });
    await expect(call).rejects.toThrow(message);
  });
});
