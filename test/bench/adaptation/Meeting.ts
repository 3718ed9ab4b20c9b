// The meeting of one run on a real worker: a camera in three layers, sound and, where it is wanted, a shared screen in two; and
// the viewers, one of them behind a proxy.
import { join } from 'node:path';
import type { QualityAlert } from '../../../shared/api/handler.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { UdpProxy } from '../../support/UdpProxy.ts';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from '../forward/BenchWorker.ts';
import { LineProcess } from '../forward/LineProcess.ts';
import { seededRandom } from '../placement/seededRandom.ts';
import {
  AUDIO_STREAM_ID,
  type ConnectCommand,
  LAYERS,
  PUBLISHER_USER_ID,
  SCREEN_LAYERS,
  type TakeAnswer,
} from './plan.ts';

const ROUTER = { router_id: 'bench' };

/** What a viewer is sent: a rung as in figures.ts. */
export interface Sent {
  readonly rung: number;
  /** The same of the shared screen; 0 without one. */
  readonly screenRung: number;
  readonly datagrams: number;
  /** Copies that were refused for want of room. */
  readonly refused: number;
  /** What waits on the way to it; absent while that is not known. */
  readonly queueDelayMs: number | undefined;
}

export interface MeetingOptions {
  readonly viewers: number;
  /** The publisher shares a screen as well. */
  readonly sharesScreen?: boolean;
  /** Of the losses at random. */
  readonly seed: number;
  /** What the worker would have the meeting's controller told. */
  readonly onQualityAlert?: (alert: QualityAlert) => void;
}

export class Meeting {
  /** In front of the first viewer. */
  readonly proxy: UdpProxy;
  readonly #worker: BenchWorker;
  readonly #clients: LineProcess;

  private constructor(worker: BenchWorker, clients: LineProcess, proxy: UdpProxy) {
    this.#worker = worker;
    this.#clients = clients;
    this.proxy = proxy;
  }

  static async start(options: MeetingOptions): Promise<Meeting> {
    const worker = await startBenchWorker(
      { client: 'test/bench/adaptation/client.ts' },
      undefined,
      options.onQualityAlert,
    );
    const clients = new LineProcess(join(worker.directory, 'client.js'), false);
    const proxy = await UdpProxy.start({
      serverPort: worker.process.udpPort,
      clock: systemClock,
      random: seededRandom(options.seed),
    });
    const meeting = new Meeting(worker, clients, proxy);
    try {
      await meeting.#connect(options.viewers, options.sharesScreen ?? false);
      return meeting;
    } catch (error) {
      await meeting.stop();
      throw error;
    }
  }

  /** What each viewer is sent now. */
  async sent(): Promise<Sent[]> {
    const { transports } = await this.#worker.process.call('inspectTransports', ROUTER);
    return transports
      .filter(({ user_id }) => user_id !== PUBLISHER_USER_ID)
      .map(({ consumers, drops, path }) => {
        const rungOf = (layers: readonly { readonly streamId: number }[]): number => {
          const current = consumers.findLast(
            ({ stream_id, forwarding }) =>
              forwarding === 'all' && layers.some(({ streamId }) => streamId === stream_id),
          );
          const layer = layers.findIndex(({ streamId }) => streamId === current?.stream_id);
          return 2 * Math.max(0, layer) + ((current?.max_temporal_layer ?? 0) > 0 ? 1 : 0);
        };
        const { layerWithheld: _, ...refused } = drops;
        return {
          rung: rungOf(LAYERS),
          screenRung: rungOf(SCREEN_LAYERS),
          datagrams: consumers.reduce((sum, { datagrams }) => sum + datagrams, 0),
          queueDelayMs: path?.queue_delay_ms,
          refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
        };
      });
  }

  /** What each viewer has got since the call before. */
  async take(): Promise<TakeAnswer> {
    return await this.#clients.ask<TakeAnswer>({ command: 'take' });
  }

  /** Ends the sending; what is on its way arrives first. The viewers stay until stop(). */
  async finish(): Promise<TakeAnswer> {
    return await this.#clients.ask<TakeAnswer>({ command: 'finish' });
  }

  async stop(): Promise<void> {
    this.#clients.stop();
    await this.proxy.close();
    await this.#worker.stop();
  }

  async #connect(viewers: number, sharesScreen: boolean): Promise<void> {
    const { process: worker, certificate } = this.#worker;
    await worker.call('createRouter', { ...ROUTER, meeting_id: 'bench', generation: 1 });
    const { transports } = await worker.call('createTransports', {
      ...ROUTER,
      transports: Array.from({ length: viewers + 1 }, (_, index) => ({
        participant_id: `p-${index + 1}`,
        user_id: PUBLISHER_USER_ID + index,
      })),
    });
    const [publisher, ...watching] = transports;
    if (publisher === undefined) throw new Error('The worker made no transport');
    const { transport_id } = publisher;
    const layersOf = (source: 'camera' | 'screen', layers: typeof LAYERS | typeof SCREEN_LAYERS) =>
      layers.map(({ streamId, bitrateBps }, spatialLayer) => ({
        transport_id,
        stream_id: streamId,
        kind: 'video' as const,
        spatial_layer: spatialLayer,
        source,
        bitrate_bps: bitrateBps,
      }));
    const { producers } = await worker.call('createProducers', {
      ...ROUTER,
      producers: [
        ...layersOf('camera', LAYERS),
        ...(sharesScreen ? layersOf('screen', SCREEN_LAYERS) : []),
        { transport_id, stream_id: AUDIO_STREAM_ID, kind: 'audio', source: 'microphone' },
      ],
    });
    await worker.call('createConsumers', {
      ...ROUTER,
      consumers: watching.flatMap((viewer) =>
        producers.map(({ producer_id }) => ({ transport_id: viewer.transport_id, producer_id })),
      ),
    });
    const at = (port: number): string => `https://${BENCH_HOST}:${port}/media`;
    const command: ConnectCommand = {
      command: 'connect',
      certificateHash: certificate.hash,
      url: at(worker.udpPort),
      publisherToken: publisher.connection_token,
      sharesScreen,
      viewers: watching.map(({ connection_token }, index) => ({
        url: at(index === 0 ? this.proxy.port : worker.udpPort),
        connectionToken: connection_token,
      })),
    };
    await this.#clients.ask(command);
  }
}
