import { expect, it } from 'vitest';
import { DatagramFrames } from '../../../../media-node/transport/tcp/DatagramFrames.ts';
import { NO_BYTES } from '../../../../media-node/transport/tcp/Framing.ts';
import { WebSocketFraming } from '../../../../media-node/transport/tcp/WebSocketFraming.ts';
import { CapsuleType } from '../../../../shared/webtransport/capsuleTypes.ts';

const ignore = () => undefined;

it('MH-2 MH-4 frames a datagram once for all who are sent it in one turn, and anew for another or later', () => {
  const sink = { onDatagram: ignore, onCapsule: ignore, onAnswer: ignore, onGoodbye: ignore };
  const [ada, bob] = [new WebSocketFraming('server', sink), new WebSocketFraming('server', sink)];
  const frames = new DatagramFrames();
  const bytes = Uint8Array.of(0, 1, 2, 3);
  const first = frames.frameOf(ada, bytes, 1);
  expect(first).toEqual(ada.encode(CapsuleType.datagram, NO_BYTES, bytes.subarray(1)));
  expect(frames.frameOf(bob, bytes, 1)).toBe(first);
  expect(frames.frameOf(bob, bytes, 2)).toEqual(
    bob.encode(CapsuleType.datagram, NO_BYTES, bytes.subarray(2)),
  );
  expect(frames.frameOf(bob, bytes.slice(), 2)).not.toBe(first);
  const again = frames.frameOf(ada, bytes, 1);
  frames.forget();
  bytes[1] = 9;
  expect(frames.frameOf(ada, bytes, 1)).not.toEqual(again);
});
