import { describe, expect, it } from 'vitest';
import { AudioReceiver } from '../../../../client/media/playback/AudioReceiver.ts';
import { VideoReceiver } from '../../../../client/media/playback/VideoReceiver.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { bytesOf, datagrams, encoded } from '../frames.ts';
import { ManualTime } from '../ManualTime.ts';

const MAX_FRAGMENT_BYTES = 10;

/** The first of three fragments: a frame that is never whole. */
function part(type: FrameType, sequence: number): Uint8Array {
  const payload = bytesOf(3 * MAX_FRAGMENT_BYTES);
  const place = { sequence, baseFrame: sequence };
  return datagrams(encoded({ type, payload }), place, MAX_FRAGMENT_BYTES)[0] as Uint8Array;
}

function whole(type: FrameType, sequence: number): Uint8Array {
  const place = { sequence, baseFrame: sequence };
  return datagrams(encoded({ type }), place, MAX_FRAGMENT_BYTES)[0] as Uint8Array;
}

describe('receivers of streams that end', () => {
  it('SFU-9 keeps no picture that waited for its turn or for its fragments, and no timer', () => {
    const time = new ManualTime();
    const receiver = new VideoReceiver({
      codec: 'vp8',
      clock: time,
      timers: time,
      log: silentLogger,
      requestKeyFrame: () => undefined,
      onFirstFrame: () => undefined,
    });
    const layer = receiver.receiverOf(3);
    layer.onDatagram(whole(FrameType.videoDelta, 5), time.monotonicMs());
    layer.onDatagram(part(FrameType.videoDelta, 6), time.monotonicMs());
    expect([receiver.stats.framesBuffered, time.pending]).toEqual([2, 1]);
    receiver.close();
    layer.onDatagram(whole(FrameType.videoDelta, 9), time.monotonicMs());
    expect([receiver.stats.framesBuffered, time.pending]).toEqual([0, 0]);
  });

  it('SFU-9 keeps no sound that waited for its turn or for its fragments, and no timer', () => {
    const time = new ManualTime();
    let sinkClosed = false;
    const receiver = new AudioReceiver({
      codec: 'opus',
      clock: time,
      timers: time,
      log: silentLogger,
      onLevel: () => undefined,
      sink: {
        write: () => undefined,
        setTarget: () => undefined,
        report: undefined,
        close: () => {
          sinkClosed = true;
        },
      },
    });
    receiver.onDatagram(whole(FrameType.audio, 0), time.monotonicMs());
    receiver.onDatagram(whole(FrameType.audio, 2), time.monotonicMs());
    receiver.onDatagram(part(FrameType.audio, 3), time.monotonicMs());
    expect([receiver.stats.framesBuffered, time.pending]).toEqual([2, 1]);
    receiver.close();
    receiver.onDatagram(whole(FrameType.audio, 9), time.monotonicMs());
    expect([receiver.stats.framesBuffered, time.pending, sinkClosed]).toEqual([0, 0, true]);
  });
});
