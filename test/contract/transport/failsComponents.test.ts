import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { dialFailsComponents } from '../../support/failsComponents.ts';
import { CASES } from './cases.ts';
import { runCase } from './harness.ts';
import { startTcpHarness, type TcpHarness } from './tcpHarness.ts';

const CASE_TIMEOUT_MS = 5_000;

/** What that client does otherwise. Each is shown, so that one that it gave up does not stay in the list. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'MH-4 takes as many at once as may be in flight, drops the rest as congested, and takes more later':
    'it keeps every datagram that it is given, without a bound',
  'shows the request path with its query at both ends':
    'it sends an Origin header, with its host name for a value',
  'refuses a request with its status': 'it does not tell its caller the status',
};

describe('contract of the TCP transport over HTTP/2, with the client of fails-components', () => {
  let harness: TcpHarness;

  beforeAll(async () => {
    const certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
    harness = await startTcpHarness({ ...certificate, port: 0 }, dialFailsComponents);
  });

  afterAll(() => harness?.listener.close(0, ''));

  for (const contractCase of CASES) {
    const run = (): Promise<void> => runCase(contractCase, harness, CASE_TIMEOUT_MS);
    const difference = DIFFERENCES[contractCase.name];
    if (difference === undefined) it(contractCase.name, run);
    else
      it(`${contractCase.name}: not so, ${difference}`, async () => {
        await expect(run()).rejects.toThrow();
      });
  }
});
