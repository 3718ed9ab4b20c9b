import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LossReports, type LostRouter } from '../../../media-node/agent/LossReports.ts';
import type { ControllerAddress } from '../../../shared/api/handler.ts';
import { controllerPaths } from '../../../shared/api/paths.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { Secret } from '../../../shared/base/secret.ts';
import {
  type PinnedAnswer,
  type PinnedRequest,
  PinnedRequestError,
} from '../../../shared/node/pinnedHttps.ts';

const requests: PinnedRequest[] = [];
let outcome: () => number;
let reports: LossReports;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  requests.length = 0;
  outcome = () => 200;
  reports = new LossReports({
    handlerId: 'mh-1',
    client: {
      request: async (request): Promise<PinnedAnswer> => {
        requests.push(request);
        return { status: outcome(), headers: {}, body: Buffer.alloc(0) };
      },
      close: () => undefined,
    },
    nodeToken: () => new Secret('handler-token'),
    clock: systemClock,
    log: silentLogger,
  });
});
afterEach(() => {
  reports.stop();
  vi.useRealTimers();
});

function controller(id: string): ControllerAddress {
  return {
    controller_id: id,
    internal_url: `https://${id}.example:8443`,
    certificate_hashes: [`hash-of-${id}`],
  };
}

function lost(count: number, by: string | undefined): LostRouter[] {
  return Array.from({ length: count }, (_, index) => ({
    routerId: `r${index}-${by}`,
    meetingId: `m${index}-${by}`,
    controller: by === undefined ? undefined : controller(by),
  }));
}

describe('reports of lost routers', () => {
  it('SFU-9 tells each controller of its own, over a pinned connection and with the node token', async () => {
    reports.report([...lost(2, 'mc-1'), ...lost(1, undefined), ...lost(1, 'mc-2')], 'SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    expect(requests).toEqual([
      expect.objectContaining({
        url: `https://mc-1.example:8443${controllerPaths.routersLost}`,
        method: 'POST',
        headers: { authorization: 'Bearer handler-token', 'content-type': 'application/json' },
        certificateHashes: ['hash-of-mc-1'],
      }),
      expect.objectContaining({ certificateHashes: ['hash-of-mc-2'] }),
    ]);
    expect(JSON.parse(String(requests[0]?.body))).toEqual({
      handler_id: 'mh-1',
      routers: [
        { router_id: 'r0-mc-1', meeting_id: 'm0-mc-1' },
        { router_id: 'r1-mc-1', meeting_id: 'm1-mc-1' },
      ],
      reason: 'SIGKILL',
    });
  });

  it('SFU-9 tells of transports that have ended, each controller of its own', async () => {
    const transports = [...lost(1, 'mc-1'), ...lost(1, 'mc-2')].map((router, index) => ({
      ...router,
      transportId: `t${index}`,
    }));
    reports.reportTransports(transports);
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map(({ url, body }) => [url, JSON.parse(String(body))])).toEqual(
      ['mc-1', 'mc-2'].map((id, index) => [
        `https://${id}.example:8443${controllerPaths.transportsLost}`,
        {
          handler_id: 'mh-1',
          transports: [{ router_id: `r0-${id}`, meeting_id: `m0-${id}`, transport_id: `t${index}` }],
        },
      ]),
    );
  });

  it('SFU-9 tells in batches that a controller takes', async () => {
    reports.report(lost(600, 'mc-1'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    const sizes = requests.map(({ body }) => JSON.parse(String(body)).routers.length);
    expect(sizes).toEqual([256, 256, 88]);
  });

  it.each([
    [
      'cannot be reached',
      (): number => {
        throw new PinnedRequestError('unreachable', 'Nobody there');
      },
    ],
    ['answers 503', () => 503],
  ])('SFU-9 tells again a controller that %s, for a bounded time', async (_, fails) => {
    outcome = fails;
    reports.report(lost(1, 'mc-1'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.length).toBeGreaterThan(2);
    await vi.advanceTimersByTimeAsync(60_000);
    const tries = requests.length;
    expect(tries).toBeLessThan(30);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(tries);
  });

  it('SFU-9 tells until it has been heard', async () => {
    outcome = () => (requests.length < 3 ? 503 : 200);
    reports.report(lost(1, 'mc-1'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(3);
  });

  it('SFU-9 tells of routers however many ended transports wait for a controller that cannot be reached', async () => {
    outcome = () => 503;
    for (let index = 0; index < 1_000; index++)
      reports.reportTransports(lost(1, 'mc-1').map((router) => ({ ...router, transportId: `t${index}` })));
    await vi.advanceTimersByTimeAsync(0);
    const before = requests.length;
    expect(before).toBe(256);
    reports.report(lost(1, 'mc-2'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.slice(before).map(({ url }) => url)).toEqual([
      `https://mc-2.example:8443${controllerPaths.routersLost}`,
    ]);
  });

  it('does not tell again what the controller refuses, nor anything once it is stopped', async () => {
    outcome = () => 403;
    reports.report(lost(1, 'mc-1'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(1);
    outcome = () => 503;
    reports.report(lost(1, 'mc-1'), 'SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    reports.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(2);
  });
});
