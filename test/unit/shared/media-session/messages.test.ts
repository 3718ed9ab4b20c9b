import { describe, expect, it } from 'vitest';
import {
  decodeMediaClientMessage,
  decodeMediaServerMessage,
  frameMediaClientMessage,
  frameMediaServerMessage,
} from '../../../../shared/media-session/messages.ts';
import { hex } from '../hex.ts';

const reportBytes = hex(
  '0000002f', //          length of the message: 47
  '1a 2d', //             3 receiver_report: 45 bytes
  '08 e807', //             1 interval_ms: varint 1000
  '10 c03e', //             2 round_trip_us: varint 8000
  '1a 25', //               3 streams: 37 bytes
  '08 07', //                 1 user_id
  '10 0b', //                 2 stream_id
  '18 8280808010', //         3 highest_sequence: varint 2^32 + 2
  '20 32', //                 4 received
  '28 01', //                 5 lost
  '30 fa01', //               6 jitter_us: varint 250
  '38 904e', //               7 bytes: varint 10000
  '42 0f', //                 8 transits: 15 bytes
  '08 8090fed432', //           1 window: varint 13600000000
  '10 fff6f78083898506', //     2 least_us: zigzag of -1699999999000000
);
const report = {
  receiverReport: {
    intervalMs: 1_000,
    roundTripUs: 8_000,
    streams: [
      {
        userId: 7,
        streamId: 11,
        highestSequence: 4_294_967_298,
        received: 50,
        lost: 1,
        jitterUs: 250,
        bytes: 10_000,
        transits: [{ window: 13_600_000_000, leastUs: -1_699_999_999_000_000 }],
      },
    ],
  },
};

const authOkBytes = hex(
  '00000007', //  length of the message: 7
  '0a 05', //     1 auth_ok: 5 bytes
  '08 07', //       1 user_id
  '10 cc08', //     2 max_datagram_bytes: varint 1100
);

describe('media session messages', () => {
  it('MH-10 frames a client message as the golden bytes and decodes them', () => {
    expect(frameMediaClientMessage(report)).toEqual(reportBytes);
    const decoded = decodeMediaClientMessage(reportBytes.subarray(4));
    expect(decoded.ok && decoded.value.payload).toBe('receiverReport');
    expect(decoded.ok && decoded.value.receiverReport).toMatchObject(report.receiverReport);
  });

  it('MH-10 frames a server message as the golden bytes and decodes them', () => {
    expect(frameMediaServerMessage({ authOk: { userId: 7, maxDatagramBytes: 1_100 } })).toEqual(authOkBytes);
    const decoded = decodeMediaServerMessage(authOkBytes.subarray(4));
    expect(decoded.ok && decoded.value.payload).toBe('authOk');
    expect(decoded.ok && decoded.value.authOk).toMatchObject({ userId: 7, maxDatagramBytes: 1_100 });
  });

  it('MH-10 answers a reason to bytes that are no message', () => {
    const truncated = reportBytes.subarray(4, reportBytes.length - 1);
    for (const decode of [decodeMediaClientMessage, decodeMediaServerMessage]) {
      const result = decode(truncated);
      expect(!result.ok && result.reason).toMatch(/^Not a media session message: /);
    }
  });
});
