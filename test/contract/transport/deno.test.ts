import { CASES } from './cases.ts';
import { describeInDeno } from './denoSuite.ts';
import { GATE_CASES } from './gateCases.ts';
import { LISTENER_CASES } from './listenerCases.ts';
import { TCP_DENO_CASES } from './tcpDenoCases.ts';

describeInDeno(
  'contract of the QUIC transport, in Deno',
  'test/contract/transport/denoContract.ts',
  CASES.filter(({ needs }) => needs !== 'streamCodes').map(({ name }) => name),
);

describeInDeno(
  'QUIC listener, in Deno',
  'test/contract/transport/denoListener.ts',
  [...LISTENER_CASES, ...GATE_CASES].map(({ name }) => name),
);

describeInDeno(
  'contract of the TCP transport, in Deno',
  'test/contract/transport/denoTcpContract.ts',
  [...CASES, ...TCP_DENO_CASES].map(({ name }) => name),
);
