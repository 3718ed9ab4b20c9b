// Runs in Chromium: two whole clients in one page, joined over a loopback meeting that loses, doubles and reorders media
// datagrams. Bundled and driven by mediaPipeline.test.ts.

import { Room } from '../../client/core/Room.ts';
import { BrowserMeetingClient } from '../../client/media/BrowserMeetingClient.ts';
import { createBackgroundTimers } from '../../client/media/backgroundTimers.ts';
import type { DeviceProblem, MeetingEnd, TileStats } from '../../client/media/MeetingClient.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { FIRST_CONTROL_TYPE, FrameType } from '../../shared/frame/layout.ts';
import { readTimestampUs, readType } from '../../shared/frame/read.ts';
import { LoopbackMeeting } from '../support/loopbackMeeting.ts';

export interface PathOptions {
  /** Shares of media datagrams, 0 to 1. */
  readonly loss: number;
  readonly duplicates: number;
  readonly reordered: number;
}

export interface PipelineClient {
  readonly client: BrowserMeetingClient;
  readonly room: Room;
  readonly problems: DeviceProblem[];
  readonly ends: MeetingEnd[];
}

export interface Pixel {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

const REORDER_MS = 15;
const AUDIO_AGES = 50;

class MediaPipelinePage {
  readonly clients: PipelineClient[] = [];
  readonly warnings: string[] = [];
  /** From capture, as the frame says, to sending, of the latest frames of sound. */
  readonly audioAgesMs: number[] = [];
  path: PathOptions = { loss: 0, duplicates: 0, reordered: 0 };
  readonly #meeting = new LoopbackMeeting({
    onDatagram: (_from, bytes, deliver) => {
      const isControl = readType(bytes, 0) >= FIRST_CONTROL_TYPE;
      if (readType(bytes, 0) === FrameType.audio) {
        this.audioAgesMs.push(Date.now() - readTimestampUs(bytes, 0) / 1_000);
        if (this.audioAgesMs.length > AUDIO_AGES) this.audioAgesMs.shift();
      }
      if (!isControl && Math.random() < this.path.loss) return;
      if (!isControl && Math.random() < this.path.reordered) setTimeout(deliver, REORDER_MS);
      else deliver();
      if (!isControl && Math.random() < this.path.duplicates) deliver();
    },
  });

  async join(displayName: string, wanted: { microphone: boolean; camera: boolean }): Promise<number> {
    const timers = createBackgroundTimers();
    const log = createLogger({ level: 'warn', write: (line) => this.warnings.push(line) });
    const room = await Room.join({
      apiUrl: location.origin,
      meetingId: 'demo',
      displayName,
      fetch: this.#meeting.fetch,
      transport: this.#meeting.transport,
      timers,
      log,
    });
    void room.left.finally(() => timers.close());
    const client = new BrowserMeetingClient({ room, clock: systemClock, timers, log });
    const joined: PipelineClient = { client, room, problems: [], ends: [] };
    client.on('deviceProblem', (problem) => joined.problems.push(problem));
    client.on('ended', (end) => joined.ends.push(end));
    this.clients.push(joined);
    await client.start(wanted);
    return room.self.userId;
  }

  /** Shows a participant, as one client sees it, on a canvas of its own in the page. */
  show(index: number, userId: number): void {
    const canvas = document.createElement('canvas');
    canvas.id = `canvas-${index}-${userId}`;
    document.body.append(canvas);
    this.#client(index).attachVideo(userId, canvas);
  }

  /** Of the left side, which nothing moves over in either kind of camera. */
  pixel(index: number, userId: number): Pixel | undefined {
    const canvas = document.getElementById(`canvas-${index}-${userId}`);
    if (!(canvas instanceof HTMLCanvasElement)) return undefined;
    const data = canvas.getContext('2d')?.getImageData(canvas.width / 8, canvas.height / 4, 1, 1).data;
    return data && { red: data[0] ?? 0, green: data[1] ?? 0, blue: data[2] ?? 0 };
  }

  stats(index: number, userId: number): TileStats {
    return this.#client(index).stats(userId);
  }

  level(index: number, userId: number): number {
    return this.#client(index).audioLevel(userId);
  }

  /** Loudness that the audio thread has to play, which proves that the worklet was loaded and fed. */
  audioStats(index: number, userId: number) {
    const { client } = this.clients[index] ?? {};
    return client?.audioStatsForTesting(userId);
  }

  #client(index: number): BrowserMeetingClient {
    const entry = this.clients[index];
    if (entry === undefined) throw new RangeError(`No client ${index}`);
    return entry.client;
  }
}

declare global {
  var pipeline: MediaPipelinePage;
}
globalThis.pipeline = new MediaPipelinePage();
