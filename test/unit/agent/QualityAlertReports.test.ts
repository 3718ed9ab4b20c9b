import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_WAITING_ALERTS, QualityAlertReports } from '../../../media-node/agent/QualityAlertReports.ts';
import { MAX_BATCH, type QualityAlert, type QualityAlerts } from '../../../shared/api/handler.ts';
import { controllerPaths } from '../../../shared/api/paths.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { Secret } from '../../../shared/base/secret.ts';
import {
  type PinnedAnswer,
  type PinnedRequest,
  PinnedRequestError,
} from '../../../shared/node/pinnedHttps.ts';

let requests: PinnedRequest[];
let answers: ((answer: PinnedAnswer | Error) => void)[];
let reports: QualityAlertReports;

beforeEach(() => {
  requests = [];
  answers = [];
  reports = new QualityAlertReports({
    handlerId: 'mh-1',
    client: {
      request: (request) => {
        requests.push(request);
        return new Promise((resolve, reject) =>
          answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
        );
      },
      close: () => undefined,
    },
    nodeToken: () => new Secret('handler-token'),
    controllerOf: (routerId) =>
      routerId === 'gone'
        ? undefined
        : {
            controller_id: `mc-of-${routerId}`,
            internal_url: `https://${routerId}.example:8443`,
            certificate_hashes: [`hash-of-${routerId}`],
          },
    log: silentLogger,
  });
});

function alert(routerId: string, userId: number, reason: QualityAlert['reason'] = 'loss'): QualityAlert {
  return {
    router_id: routerId,
    meeting_id: 'm1',
    participant_id: `p${userId}`,
    user_id: userId,
    reason,
    round_trip_ms: 20,
    loss_ratio: 0.1,
    delivered_bps: 400_000,
  };
}

async function answer(outcome: number | Error = 200): Promise<void> {
  answers.shift()?.(
    outcome instanceof Error ? outcome : { status: outcome, headers: {}, body: Buffer.alloc(0) },
  );
  await new Promise((resolve) => setImmediate(resolve));
}

function told(index: number): QualityAlerts {
  return JSON.parse(String(requests[index]?.body)) as QualityAlerts;
}

describe('reports of quality', () => {
  it('MH-5 tells the controller of the router, over a pinned connection and with the node token', () => {
    reports.report(alert('r1', 1));
    reports.report(alert('r2', 2));
    reports.report(alert('gone', 3));
    expect(requests).toHaveLength(2);
    expect(requests[0]).toMatchObject({
      url: `https://r1.example:8443${controllerPaths.qualityAlerts}`,
      method: 'POST',
      headers: { authorization: 'Bearer handler-token' },
      certificateHashes: ['hash-of-r1'],
    });
    expect(told(0)).toEqual({ handler_id: 'mh-1', alerts: [alert('r1', 1)] });
  });

  it('MH-5 sends what comes meanwhile with the next report, the latest word of each participant', async () => {
    reports.report(alert('r1', 1));
    reports.report(alert('r1', 1, 'round_trip'));
    reports.report(alert('r1', 2));
    reports.report(alert('r1', 1, 'recovered'));
    expect(requests).toHaveLength(1);
    await answer();
    expect(told(1).alerts).toEqual([alert('r1', 1, 'recovered'), alert('r1', 2)]);
    await answer();
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['is refused', 503],
    ['fails', new PinnedRequestError('unreachable', 'No answer')],
  ] as const)('MH-5 goes on with the next report when one %s', async (_, outcome) => {
    reports.report(alert('r1', 1));
    await answer(outcome);
    reports.report(alert('r1', 2));
    expect(told(1).alerts).toEqual([alert('r1', 2)]);
  });

  it('MH-4 keeps a bound on what waits, and on what one report holds', async () => {
    for (let userId = 1; userId <= 2 * MAX_WAITING_ALERTS; userId++) reports.report(alert('r1', userId));
    let sum = 0;
    for (let index = 0; answers.length > 0; index++) {
      expect(told(index).alerts.length).toBeLessThanOrEqual(MAX_BATCH);
      sum += told(index).alerts.length;
      await answer();
    }
    expect(sum).toBe(1 + MAX_WAITING_ALERTS);
  });
});
