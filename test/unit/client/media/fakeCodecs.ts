// What encoders and decoders use of a browser: a camera track that a test feeds, and codecs that do as they are told.
import { vi } from 'vitest';

export interface FakeEncoderCall {
  readonly height: number;
  readonly isKeyFrame: boolean;
}

export class FakeCamera {
  /** In the order in which frames were handed to encoders. */
  readonly encoded: FakeEncoderCall[] = [];
  readonly openEncoders = new Set<object>();
  /** Frames that wait in each encoder. */
  encodeQueueSize = 0;
  openFrames = 0;
  /** What encoders were configured with. */
  readonly configs: { readonly height: number; readonly contentHint?: string }[] = [];
  /** Tracks that were read so far. */
  readers = 0;
  /** Of the latest track of each kind that was read. */
  readonly #controllers = new Map<string, ReadableStreamDefaultController<unknown>>();
  #timestampUs = 0;

  /** Stubs the globals; vi.unstubAllGlobals() takes them away. */
  install(): void {
    const camera = this;
    vi.stubGlobal(
      'MediaStreamTrackProcessor',
      class {
        readonly readable: ReadableStream;
        constructor({ track }: { track: { readonly kind?: string } }) {
          camera.readers += 1;
          this.readable = new ReadableStream({
            start: (controller) => {
              camera.#controllers.set(track.kind ?? 'video', controller);
            },
          });
        }
      },
    );
    vi.stubGlobal(
      'VideoFrame',
      class {
        constructor(
          { displayWidth, displayHeight }: { displayWidth: number; displayHeight: number },
          { timestamp }: { timestamp: number },
        ) {
          // biome-ignore lint/correctness/noConstructorReturn: frames are made in one place, which counts them.
          return camera.#frame(displayWidth, displayHeight, timestamp) as object;
        }
      },
    );
    vi.stubGlobal(
      'VideoEncoder',
      class {
        static isConfigSupported = async () => ({ supported: true });
        readonly #output: (chunk: unknown, metadata: unknown) => void;
        #height = 0;
        state = 'unconfigured';
        constructor({ output }: { output: (chunk: unknown, metadata: unknown) => void }) {
          this.#output = output;
          camera.openEncoders.add(this);
        }
        get encodeQueueSize() {
          return camera.encodeQueueSize;
        }
        configure(config: { height: number; contentHint?: string }) {
          this.state = 'configured';
          this.#height = config.height;
          camera.configs.push(config);
        }
        encode({ timestamp }: { timestamp: number }, { keyFrame }: { keyFrame: boolean }) {
          camera.encoded.push({ height: this.#height, isKeyFrame: keyFrame });
          const chunk = {
            type: keyFrame ? 'key' : 'delta',
            timestamp,
            byteLength: 8,
            copyTo: () => undefined,
          };
          this.#output(chunk, { svc: { temporalLayerId: keyFrame ? 0 : 1 } });
        }
        close() {
          this.state = 'closed';
          camera.openEncoders.delete(this);
        }
      },
    );
  }

  get track(): MediaStreamTrack {
    return {} as MediaStreamTrack;
  }

  /** Captures a frame, at 25 frames a second. */
  capture(size: { readonly width: number; readonly height: number } = { width: 640, height: 360 }): void {
    this.#timestampUs += 40_000;
    this.#controllers.get('video')?.enqueue(this.#frame(size.width, size.height, this.#timestampUs));
  }

  /** The latest track of this kind ends. */
  end(kind: 'video' | 'audio' = 'video'): void {
    this.#controllers.get(kind)?.close();
  }

  #frame(displayWidth: number, displayHeight: number, timestamp: number): unknown {
    this.openFrames += 1;
    return {
      displayWidth,
      displayHeight,
      timestamp,
      clone: () => this.#frame(displayWidth, displayHeight, timestamp),
      close: () => {
        this.openFrames -= 1;
      },
    };
  }
}

/** Decoders that write down what they are given, in order. */
export class FakeScreen {
  readonly decoded: { readonly timestampUs: number; readonly isKeyFrame: boolean }[] = [];

  /** Stubs the globals; vi.unstubAllGlobals() takes them away. */
  install(): void {
    const screen = this;
    vi.stubGlobal(
      'EncodedVideoChunk',
      class {
        readonly type: string;
        readonly timestamp: number;
        constructor({ type, timestamp }: { type: string; timestamp: number }) {
          this.type = type;
          this.timestamp = timestamp;
        }
      },
    );
    vi.stubGlobal(
      'VideoDecoder',
      class {
        readonly decodeQueueSize = 0;
        state = 'unconfigured';
        configure() {
          this.state = 'configured';
        }
        decode({ type, timestamp }: { type: string; timestamp: number }) {
          screen.decoded.push({ timestampUs: timestamp, isKeyFrame: type === 'key' });
        }
        close() {
          this.state = 'closed';
        }
      },
    );
  }
}
