// Timers that keep their time in a hidden tab. Browsers slow a hidden page's own timers down to one a second, later one a
// minute, which would end the heartbeat; a dedicated worker's timers are left alone.
import { systemTimers, type Timers } from '../core/timers.ts';

interface Order {
  readonly id: number;
  readonly kind: 'after' | 'every' | 'cancel';
  readonly delayMs: number;
}

export interface BackgroundTimers extends Timers {
  /** Cancels everything. Idempotent. */
  close(): void;
}

/** Falls back to the page's own timers where a worker cannot be made (a Content-Security-Policy without `worker-src blob:`). */
export function createBackgroundTimers(): BackgroundTimers {
  const worker = startWorker();
  if (worker === undefined) return { ...systemTimers, close: () => undefined };
  const callbacks = new Map<number, { readonly callback: () => void; readonly once: boolean }>();
  let nextId = 1;
  worker.onmessage = (event: MessageEvent<number>) => {
    const entry = callbacks.get(event.data);
    if (entry === undefined) return;
    if (entry.once) callbacks.delete(event.data);
    entry.callback();
  };
  const order = (kind: 'after' | 'every', delayMs: number, callback: () => void): (() => void) => {
    const id = nextId++;
    callbacks.set(id, { callback, once: kind === 'after' });
    worker.postMessage({ id, kind, delayMs } satisfies Order);
    return () => {
      if (callbacks.delete(id)) worker.postMessage({ id, kind: 'cancel', delayMs: 0 } satisfies Order);
    };
  };
  return {
    after: (delayMs, callback) => order('after', delayMs, callback),
    every: (intervalMs, callback) => order('every', intervalMs, callback),
    close: () => {
      callbacks.clear();
      worker.terminate();
    },
  };
}

function startWorker(): Worker | undefined {
  const url = URL.createObjectURL(new Blob([`(${workerMain})()`], { type: 'text/javascript' }));
  try {
    return new Worker(url);
  } catch (error) {
    // The Content-Security-Policy does not allow it.
    if (error instanceof DOMException) return undefined;
    throw error;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Runs in the worker as text: refers to nothing outside itself. */
function workerMain(): void {
  const running = new Map<number, ReturnType<typeof setTimeout>>();
  addEventListener('message', (event: MessageEvent<Order>) => {
    const { id, kind, delayMs } = event.data;
    if (kind === 'cancel') {
      clearTimeout(running.get(id));
      running.delete(id);
    } else if (kind === 'every')
      running.set(
        id,
        setInterval(() => postMessage(id), delayMs),
      );
    else
      running.set(
        id,
        setTimeout(() => {
          running.delete(id);
          postMessage(id);
        }, delayMs),
      );
  });
}
