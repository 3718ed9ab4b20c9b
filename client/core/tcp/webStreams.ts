// Web streams over the halves of a stream that is read and written by calls.

/** What is given up by whoever reads or writes a web stream has no code of its own. */
const CANCELLED = 0;

export interface Readable {
  /** Undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  stop(code: number): void;
}

export interface Writable {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  reset(code: number): void;
}

export function readableOf(stream: Readable): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const chunk = await stream.read();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: () => stream.stop(CANCELLED),
  });
}

export function writableOf(stream: Writable): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (chunk) => stream.write(chunk),
    close: () => stream.close(),
    abort: () => stream.reset(CANCELLED),
  });
}

/** A stream whose items are pushed. */
export interface Pushable<T> {
  readonly readable: ReadableStream<T>;
  /** False when as many wait as may, or the stream is over: the item is not taken. */
  push(item: T): boolean;
  /** Ends the stream behind what waits. Idempotent. */
  close(): void;
}

/** `bound` is how many items may wait to be read. */
export function pushable<T>(bound: number): Pushable<T> {
  let controller: ReadableStreamDefaultController<T> | undefined;
  const readable = new ReadableStream<T>(
    {
      start: (given) => {
        controller = given;
      },
      cancel: () => {
        controller = undefined;
      },
    },
    { highWaterMark: bound },
  );
  return {
    readable,
    push: (item) => {
      if (controller === undefined || (controller.desiredSize ?? 0) <= 0) return false;
      controller.enqueue(item);
      return true;
    },
    close: () => {
      controller?.close();
      controller = undefined;
    },
  };
}
