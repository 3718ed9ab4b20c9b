// Media streams as a client sends them that lies, each with a number of its own.
import {
  FLAG_END_OF_FRAME,
  FLAG_ON_DEMAND,
  FrameType,
  OFFSET_PAYLOAD_LENGTH,
} from '../../../shared/frame/layout.ts';
import { writeUint32 } from '../../../shared/frame/write.ts';
import { STREAM_HEADER_BYTES, StreamType } from '../../../shared/media-stream/header.ts';
import { frame, mediaStream } from '../../unit/handler/meeting.ts';
import { hostileInput, type Random } from '../shared/inputs.ts';
import type { StreamSender } from './streamFate.ts';

const MAX_NOISE_BYTES = 300;
/** One stream in this many is large enough to fill what waits for a subscriber. */
const LARGE_SHARE = 200;
const LARGE_PAYLOAD_BYTES = 600_000;
/** Where the codec stands in a stream's header: four characters that nobody looks at, here the number of the stream. */
const NUMBER_AT = 22;
const FIRST_CHARACTER = 0x20;
const CHARACTERS = 0x5f;

/** A stream that nobody receives. */
export const UNWATCHED = 12;
export const SENDER: StreamSender = {
  userId: 1,
  streams: new Map([
    [10, 'video'],
    [11, 'audio'],
    [UNWATCHED, 'video'],
  ]),
};

const key = frame(1, 10, { type: FrameType.videoKey, payloadLength: 40 });
const delta = frame(1, 10, { payloadLength: 9 });
const sound = frame(1, 11, { type: FrameType.audio, payloadLength: 12 });
const onDemand = frame(1, 10, {
  type: FrameType.videoKey,
  payloadLength: 7,
  flags: FLAG_END_OF_FRAME | FLAG_ON_DEMAND,
});
const oversized = key.slice();
writeUint32(oversized, OFFSET_PAYLOAD_LENGTH, 2_000_000);
const STREAMS = [
  mediaStream(1, 10, [key]),
  mediaStream(1, 10, [key, delta, frame(1, 10, { payloadLength: 0 }), delta]),
  mediaStream(1, 11, [sound, sound, sound, sound], StreamType.audio),
  mediaStream(1, 10, [key, onDemand, onDemand]),
  mediaStream(1, 10, [onDemand, delta]),
  mediaStream(1, UNWATCHED, [frame(1, UNWATCHED)]),
  mediaStream(1, 10, []),
  mediaStream(1, 10, [key, oversized]),
  mediaStream(1, 10, [key, frame(2, 10)]),
  mediaStream(1, 10, [key, frame(1, UNWATCHED)]),
  mediaStream(1, 10, [key, frame(1, 10, { hopCount: 1 })]),
  mediaStream(1, 10, [key, sound]),
  mediaStream(1, 10, [key], StreamType.audio),
  mediaStream(1, 99, [frame(1, 99)]),
  mediaStream(2, 20, [frame(2, 20)]),
];
const LARGE = mediaStream(1, 10, [
  frame(1, 10, { type: FrameType.videoKey, payloadLength: LARGE_PAYLOAD_BYTES }),
  frame(1, 10, { payloadLength: LARGE_PAYLOAD_BYTES }),
  frame(1, 10, { payloadLength: LARGE_PAYLOAD_BYTES }),
]);

/** How many numbers there are. */
export const NUMBERS = CHARACTERS ** 2;

/** A stream that is valid, cut, mutated or noise; with this number, if it has room for it. */
export function hostileStream(random: Random, number: number): Uint8Array {
  const choice = random.below(LARGE_SHARE);
  const made =
    choice === 0
      ? LARGE.slice(0, random.below(2) === 0 ? LARGE.length : random.below(LARGE.length))
      : choice % 3 === 0
        ? random.pick(STREAMS).slice()
        : hostileInput(random, STREAMS, MAX_NOISE_BYTES).slice();
  if (made.length >= STREAM_HEADER_BYTES) writeNumber(made, number);
  return made;
}

/** Two of the four characters; the other two stay as they were mutated. A header that is refused stays so. */
function writeNumber(bytes: Uint8Array, number: number): void {
  for (const [index, digit] of [number % CHARACTERS, Math.floor(number / CHARACTERS)].entries()) {
    const character = bytes[NUMBER_AT + index] ?? 0;
    if (character >= FIRST_CHARACTER && character < FIRST_CHARACTER + CHARACTERS)
      bytes[NUMBER_AT + index] = FIRST_CHARACTER + digit;
  }
}

/** The number of a stream by its header. */
export function readNumber(bytes: Uint8Array): number {
  const digit = (index: number): number => (bytes[NUMBER_AT + index] ?? 0) - FIRST_CHARACTER;
  return digit(0) + digit(1) * CHARACTERS;
}
