// All clients of one run in one process (Deno): the publisher and the viewers, over the SDK's own media connections. Takes
// commands on standard input, answers each with a line.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { MediaConnection, type OutgoingStream, systemTimers } from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import { seededRandom } from '../placement/seededRandom.ts';
import { FRAMES_PER_SECOND, LayeredCamera } from './LayeredCamera.ts';
import {
  AUDIO_STREAM_ID,
  type ClientCommand,
  type ConnectCommand,
  LAYERS,
  SCREEN_LAYERS,
  type TakeAnswer,
} from './plan.ts';
import { Viewer } from './Viewer.ts';

const SOUND_INTERVAL_MS = 20;
const SOUND = new Uint8Array(80);
const TICK_MS = 5;
const QUIET_MS = 500;
const TIMEOUT_MS = 5_000;
const SEED = 11;

const viewers: Viewer[] = [];
let ticking: ReturnType<typeof setInterval> | undefined;

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

async function open(url: string, certificateHash: Uint8Array, token: string): Promise<MediaConnection> {
  const dialing = dialSession({
    url,
    certificateHashes: [certificateHash],
    limits: DEFAULT_TRANSPORT_LIMITS,
  });
  const connection = new MediaConnection({
    transport: sessionTransport(dialing),
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
    timeoutMs: TIMEOUT_MS,
  });
  await connection.connect(token);
  return connection;
}

async function connect(command: ConnectCommand): Promise<void> {
  const hash = Uint8Array.from(atob(command.certificateHash), (character) => character.charCodeAt(0));
  for (const { url, connectionToken } of command.viewers)
    viewers.push(new Viewer(await open(url, hash, connectionToken), nowUs));
  const publisher = await open(command.url, hash, command.publisherToken);
  const sources = [LAYERS, ...(command.sharesScreen ? [SCREEN_LAYERS] : [])].map((layers) => {
    const source = new LayeredCamera(seededRandom(SEED));
    for (const [spatialLayer, { streamId, bitrateBps }] of layers.entries())
      source.add(publisher.publish({ streamId, spatialLayer, fourCc: 'VP80' }), bitrateBps);
    return source;
  });
  run(sources, publisher.publish({ streamId: AUDIO_STREAM_ID, mode: 'datagram', fourCc: 'Opus' }));
}

/** What a late timer missed is caught up at once, so that the rates hold on a busy machine. */
function run(sources: readonly LayeredCamera[], sound: OutgoingStream): void {
  const startMs = performance.now();
  let pictures = 0;
  let sounds = 0;
  ticking = setInterval(() => {
    const nowMs = performance.now();
    for (; pictures < ((nowMs - startMs) * FRAMES_PER_SECOND) / 1_000; pictures++)
      for (const source of sources) source.capture(nowUs());
    for (; sounds < (nowMs - startMs) / SOUND_INTERVAL_MS; sounds++)
      sound.send({
        type: FrameType.audio,
        timestampUs: nowUs(),
        payload: SOUND,
        temporalLayer: 0,
        discardable: false,
      });
    for (const viewer of viewers) viewer.decode(nowMs);
  }, TICK_MS);
}

function take(): TakeAnswer {
  const nowMs = performance.now();
  return { viewers: viewers.map((viewer) => viewer.take(nowMs)) };
}

async function finish(): Promise<TakeAnswer> {
  clearInterval(ticking);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  return take();
}

async function answer(command: ClientCommand): Promise<unknown> {
  if (command.command === 'connect') return await connect(command).then(() => ({}));
  return command.command === 'take' ? take() : await finish();
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as ClientCommand;
  process.stdout.write(`${JSON.stringify(await answer(command))}\n`);
}
process.exit(0);
