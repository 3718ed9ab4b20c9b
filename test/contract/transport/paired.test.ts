import { describe, it } from 'vitest';
import { createSessionPair } from '../../../media-node/transport/paired/pairedSessions.ts';
import { CASES } from './cases.ts';
import { type Harness, runCase } from './harness.ts';

const CASE_TIMEOUT_MS = 10_000;

const harness: Harness = {
  capabilities: new Set(['streamCodes']),
  maxIncomingStreams: 64,
  maxDatagramsInFlight: 64,
  connect: async (path = '/') => createSessionPair({ path }),
  connectRefused: () => Promise.reject(new Error('A pair has nobody to refuse it')),
};

describe('contract of the paired transport', () => {
  for (const contractCase of CASES) {
    const has = contractCase.needs === undefined || harness.capabilities.has(contractCase.needs);
    if (has) it(contractCase.name, () => runCase(contractCase, harness, CASE_TIMEOUT_MS));
  }
});
