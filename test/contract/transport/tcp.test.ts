import { afterAll, beforeAll, describe, it } from 'vitest';
import { createCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { dialTcp } from '../../support/dialTcp.ts';
import { CASES } from './cases.ts';
import { runCase } from './harness.ts';
import { startTcpHarness, type TcpHarness } from './tcpHarness.ts';

const CASE_TIMEOUT_MS = 10_000;

describe('contract of the TCP transport', () => {
  let harness: TcpHarness;

  beforeAll(async () => {
    const certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
    harness = await startTcpHarness({ ...certificate, port: 0 }, dialTcp);
  });

  afterAll(() => harness?.listener.close(0, ''));

  for (const contractCase of CASES)
    it(contractCase.name, () => runCase(contractCase, harness, CASE_TIMEOUT_MS));
});
