import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClientMessageInit,
  decodeClientMessage,
  decodeServerMessage,
  frameClientMessage,
  frameServerMessage,
  type ServerMessageInit,
  signaling,
} from '../../../../shared/signaling/messages.ts';
import { ascii, hex } from '../hex.ts';
import { holds } from '../holds.ts';

const publish: ClientMessageInit = {
  sequence: 300,
  publishStream: {
    info: {
      kind: signaling.MediaKind.VIDEO,
      source: signaling.MediaSource.CAMERA,
      codec: 'vp8',
      spatialLayer: 2,
      width: 640,
    },
  },
};
const publishBytes = hex(
  '00000015', //      length of the message: 21
  '08 ac02', //       1 sequence: varint 300
  '22 10', //         4 publish_stream: 16 bytes
  '0a 0e', //           1 info: 14 bytes
  '18 01', //             3 kind: VIDEO
  '20 01', //             4 source: CAMERA
  '2a 03', //             5 codec: 3 bytes
  ascii('vp8'),
  '30 02', //             6 spatial_layer
  '38 8005', //           7 width: varint 640, two bytes
);

const refusal: ServerMessageInit = {
  replyTo: 1,
  error: { code: signaling.ErrorCode.UNAUTHORIZED, message: 'no' },
};
const refusalBytes = hex(
  '0000000a', //      length of the message: 10
  '08 01', //         1 reply_to
  '62 06', //         12 error: 6 bytes
  '08 02', //           1 code: UNAUTHORIZED
  '12 02', //           2 message: 2 bytes
  ascii('no'),
);

describe('signaling messages', () => {
  it('MC-1 frames a client message as the golden bytes and decodes them', () => {
    expect(frameClientMessage(publish)).toEqual(publishBytes);
    const decoded = decodeClientMessage(publishBytes.subarray(4));
    expect(decoded.ok && decoded.value.payload).toBe('publishStream');
    expect(decoded.ok && signaling.ClientMessage.toObject(decoded.value as never)).toEqual(publish);
  });

  it('MC-1 frames a server message as the golden bytes and decodes them', () => {
    expect(frameServerMessage(refusal)).toEqual(refusalBytes);
    const decoded = decodeServerMessage(refusalBytes.subarray(4));
    expect(decoded.ok && decoded.value.payload).toBe('error');
    expect(decoded.ok && decoded.value.error).toMatchObject(refusal.error ?? {});
  });

  it('MC-1 brings certificate hashes and 64-bit times through a join answer', () => {
    holds(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 4 }),
        fc.maxSafeNat(),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        (certificateHashes, tokenExpiresAtMs, displayName) => {
          const framed = frameServerMessage({
            joinResponse: {
              self: { displayName, userId: 0xffff_ffff },
              mediaServers: [{ certificateHashes, tokenExpiresAtMs }],
            },
          });
          const decoded = decodeServerMessage(framed.subarray(4));
          const answer = decoded.ok ? decoded.value.joinResponse : undefined;
          expect(answer?.self?.displayName).toBe(displayName);
          expect(answer?.self?.userId).toBe(0xffff_ffff);
          const server = answer?.mediaServers?.[0];
          expect(server?.tokenExpiresAtMs).toBe(tokenExpiresAtMs);
          expect(server?.certificateHashes?.map((hash) => [...hash])).toEqual(
            certificateHashes.map((hash) => [...hash]),
          );
        },
      ),
    );
  });

  it('MH-10 answers a reason to bytes that are no message', () => {
    const truncated = publishBytes.subarray(4, publishBytes.length - 1);
    for (const decode of [decodeClientMessage, decodeServerMessage]) {
      const result = decode(truncated);
      expect(result.ok).toBe(false);
      expect(!result.ok && result.reason).toMatch(/^Not a signaling message: /);
    }
  });

  it('MC-3 skips fields and messages of a later version', () => {
    const decoded = decodeClientMessage(
      hex(
        '08 05', //       1 sequence
        'f2 07 02 0801', // 126 a message of a later version
        'f8 07 01', //    127 a field of a later version
      ),
    );
    expect(decoded.ok && decoded.value.sequence).toBe(5);
    expect(decoded.ok && decoded.value.payload).toBeUndefined();
  });
});
