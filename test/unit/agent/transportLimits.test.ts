import { describe, expect, it } from 'vitest';
import { commonConfig } from '../../../media-node/agent/NodeContext.ts';
import { MAX_INCOMING_STREAMS } from '../../../media-node/handler/MediaConnection.ts';

describe('the transport limits of a worker', () => {
  const limitsOf = (role: 'controller' | 'handler', handshakesPerAddress = 50) =>
    commonConfig(
      {
        nodeId: 'n1',
        region: 'local',
        logLevel: 'info',
        bindHost: '127.0.0.1',
        maxSessionsPerAddress: 7,
        handshakesPerAddress,
      },
      { role, workerId: 0 },
    ).transport;

  it('MH-10 let a media session open as many streams as the handler reads at once, and no more', () => {
    expect(limitsOf('handler').maxIncomingStreams).toBe(MAX_INCOMING_STREAMS);
    expect(limitsOf('handler').maxIncomingStreams).toBe(16);
  });

  it('MH-10 let a signaling session, which needs one stream, open a few', () => {
    expect(limitsOf('controller').maxIncomingStreams).toBe(4);
  });

  it('MH-10 bound what one address may have, as configured, with five seconds of handshakes at once', () => {
    for (const role of ['controller', 'handler'] as const) {
      expect(limitsOf(role)).toMatchObject({
        maxSessionsPerAddress: 7,
        handshakesPerSecondPerAddress: 50,
        handshakeBurstPerAddress: 250,
      });
    }
  });

  it('MH-10 take handshakes without a limit when it is 0', () => {
    expect(limitsOf('handler', 0)).toMatchObject({
      handshakesPerSecondPerAddress: 0,
      handshakeBurstPerAddress: 1,
    });
  });
});
