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
  #controller: ReadableStreamDefaultController<unknown> | undefined;
  #timestampUs = 0;

  /** Stubs the globals; vi.unstubAllGlobals() takes them away. */
  install(): void {
    const camera = this;
    vi.stubGlobal(
      'MediaStreamTrackProcessor',
      class {
        readonly readable = new ReadableStream({
          start: (controller) => {
            camera.#controller = controller;
          },
        });
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
        configure({ height }: { height: number }) {
          this.state = 'configured';
          this.#height = height;
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
    this.#controller?.enqueue(this.#frame(size.width, size.height, this.#timestampUs));
  }

  end(): void {
    this.#controller?.close();
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
