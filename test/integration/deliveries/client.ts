// Runs in Deno: a publisher of one stream in each mode, and subscribers who take them in each delivery. See plan.ts.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ApiClient, type OutgoingStream, Room, type RoomOptions } from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import { numberedPayload } from './numberedPayload.ts';
import type { DeliveriesEvent, DeliveriesPlan } from './plan.ts';
import { type WatchedStream, Watcher } from './Watcher.ts';

const TICK_MS = 10;
const KEY_FRAME_BYTES = 20_000;
const DELTA_BYTES = 1_500;
const SOUND_BYTES = 80;

let mediaPort = 0;

function emit(event: DeliveriesEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function optionsOf(apiUrl: string, meetingId: string, displayName: string): RoomOptions {
  return {
    apiUrl,
    meetingId,
    displayName,
    transport: (url, certificateHashes) => {
      const { pathname, port } = new URL(url);
      if (pathname === '/media') mediaPort = Number(port);
      return sessionTransport(dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS }));
    },
  };
}

/** A picture, or a piece of sound, for each tick; answers how to make the next. */
function source(stream: OutgoingStream, isSound: boolean): () => void {
  let number = 0;
  let isKeyFrameNeeded = true;
  stream.onKeyFrameNeeded = () => {
    isKeyFrameNeeded = true;
  };
  return () => {
    const isKey = isKeyFrameNeeded && !isSound;
    isKeyFrameNeeded = false;
    const length = isSound ? SOUND_BYTES : isKey ? KEY_FRAME_BYTES : DELTA_BYTES;
    stream.send({
      type: isSound ? FrameType.audio : isKey ? FrameType.videoKey : FrameType.videoDelta,
      timestampUs: Math.round((performance.timeOrigin + performance.now()) * 1_000),
      payload: numberedPayload(number++, length),
      temporalLayer: 0,
      discardable: false,
    });
  };
}

async function main(
  { apiUrl, modes, deliveries, frames }: DeliveriesPlan,
  ended: Promise<void>,
): Promise<void> {
  const { meeting_id: meetingId } = await new ApiClient({ apiUrl }).createMeeting({
    displayName: 'Deliveries',
  });
  const publisher = await Room.join(optionsOf(apiUrl, meetingId, 'Publisher'));
  publisher.on('ended', ({ error }) => error && emit({ type: 'ended', reason: error.message }));
  const { userId } = publisher.self;
  const streams: WatchedStream[] = [];
  const sources: (() => void)[] = [];
  for (const mode of modes) {
    const video = { kind: 'video', source: 'camera', codec: 'vp8' } as const;
    const stream = await publisher.publish(video, { mode });
    streams.push({ userId, streamId: stream.streamId, stream: mode });
    sources.push(source(stream, false));
  }
  const sound = await publisher.publish({ kind: 'audio', source: 'microphone', codec: 'opus' });
  streams.push({ userId, streamId: sound.streamId, stream: 'sound' });
  sources.push(source(sound, true));

  const watchers: Watcher[] = [];
  const join = async (): Promise<void> => {
    for (const delivery of deliveries)
      watchers.push(await Watcher.join(optionsOf(apiUrl, meetingId, delivery), delivery, streams));
  };
  const flowing = async (): Promise<void> => {
    for (;;) {
      if (watchers.every((watcher) => watcher.has(frames))) break;
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    emit({ type: 'flowing', mediaPort, watched: watchers.flatMap((watcher) => watcher.figures) });
  };
  const ticking = setInterval(() => {
    for (const send of sources) send();
    for (const watcher of watchers) watcher.decode(performance.now());
  }, TICK_MS);

  await join();
  await flowing();
  // Late joiners: nobody's key frame is on its way.
  await join();
  await flowing();
  publisher.on('mediaReconnected', () => {
    for (const watcher of watchers) watcher.reset();
    void flowing();
  });
  await ended;
  clearInterval(ticking);
  for (const room of [...watchers, publisher]) await room.leave();
}

const lines = createInterface({ input: process.stdin });
const ended = new Promise<void>((resolve) => lines.once('close', resolve));
const plan = await new Promise<DeliveriesPlan>((resolve) =>
  lines.once('line', (line) => resolve(JSON.parse(line) as DeliveriesPlan)),
);
await main(plan, ended);
process.exit(0);
