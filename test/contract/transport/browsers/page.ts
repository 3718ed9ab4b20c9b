// Runs in a browser: tries itself on the server that it is told of, one path after the other, and posts what it found.
import type { PageConfig, PageResult } from './report.ts';

const CASE_TIMEOUT_MS = 10_000;
const DATAGRAMS = 100;
/** The largest that the protocol has. A session may begin with less: what is over it is lost without a word. */
const MAX_DATAGRAM_BYTES = 1_100;

type Case = (open: (hash?: readonly number[]) => WebTransport) => Promise<unknown>;

const CASES: Readonly<Record<string, Case>> = {
  '/datagrams?name=x': async (open) => {
    const transport = await ready(open());
    const writer = transport.datagrams.writable.getWriter();
    const reader = transport.datagrams.readable.getReader();
    let count = 0;
    let largest = 0;
    for (let index = 0; index < DATAGRAMS; index++) {
      const byteCount = Math.min(MAX_DATAGRAM_BYTES, transport.datagrams.maxDatagramSize);
      largest = Math.max(largest, byteCount);
      await writer.write(new Uint8Array(byteCount).fill(index));
      const { value } = await reader.read();
      const whole = value?.length === byteCount && value[0] === index && value.at(-1) === index;
      if (whole) count++;
    }
    transport.close();
    return { count, largest };
  },
  '/page-streams': async (open) => {
    const transport = await ready(open());
    const both = await transport.createBidirectionalStream();
    const echoed = readAll(both.readable);
    await writeAll(both.writable, 200_000);
    const uni = await transport.createUnidirectionalStream();
    await writeAll(uni, 50_000);
    const incoming = await transport.incomingUnidirectionalStreams.getReader().read();
    const found = { bidirectional: await echoed, unidirectional: await readAll(incoming.value) };
    transport.close();
    return found;
  },
  '/server-streams': async (open) => {
    const transport = await ready(open());
    const unidirectional = transport.incomingUnidirectionalStreams.getReader();
    const first = await readAll((await unidirectional.read()).value);
    const both = (await transport.incomingBidirectionalStreams.getReader().read()).value;
    const second = await readAll(both.readable);
    await writeAll(both.writable, 3_000);
    const answered = await readAll((await unidirectional.read()).value);
    transport.close();
    return { unidirectional: first, bidirectional: second, answered };
  },
  '/reset': async (open) => {
    const transport = await ready(open());
    const writer = (await transport.createUnidirectionalStream()).getWriter();
    await writer.write(new Uint8Array(10));
    // A reset that overtakes the stream's first bytes leaves nothing to tell whose stream it was.
    await fetch('/seen?type=stream&path=/reset');
    await writer.abort(streamError(3));
    await fetch('/seen?type=streamEnded&path=/reset');
    transport.close();
    return 'reset';
  },
  '/endless': async (open) => {
    const transport = await ready(open());
    const { value } = await transport.incomingUnidirectionalStreams.getReader().read();
    const reader = value.getReader();
    await reader.read();
    await reader.cancel(streamError(40));
    await stay(transport);
    return 'stopped';
  },
  '/abandoned': async (open) => {
    const transport = await ready(open());
    const { value } = await transport.incomingUnidirectionalStreams.getReader().read();
    const bytes = await readAll(value);
    transport.close();
    return bytes;
  },
  '/closed-by-page': async (open) => {
    const transport = await ready(open());
    transport.close({ closeCode: 7, reason: 'bye: Zoë' });
    return await closeOf(transport);
  },
  '/closed-by-server': async (open) => {
    const transport = await ready(open());
    await transport.datagrams.writable.getWriter().write(Uint8Array.of(1));
    return await closeOf(transport);
  },
  '/refused': async (open) => await outcomeOf(open()),
  '/refused-with-reason': async (open) => {
    const transport = await ready(open());
    return await closeOf(transport);
  },
  '/untrusted': async (open) => await outcomeOf(open(new Array<number>(32).fill(0))),
  '/frame-gone': async () => {
    const frame = document.createElement('iframe');
    const opened = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
    frame.src = '/?frame=/frame-gone';
    document.body.append(frame);
    await opened;
    frame.remove();
    await fetch('/seen?type=closed&path=/frame-gone');
    return 'gone';
  },
  '/tab-gone': async () => {
    const opened = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
    const tab = window.open('/?frame=/tab-gone', '_blank');
    if (tab === null) throw new Error('The browser opens no tab');
    await opened;
    tab.close();
    await fetch('/seen?type=closed&path=/tab-gone');
    return 'gone';
  },
};

async function main(): Promise<void> {
  const config = (await (await fetch('/config')).json()) as PageConfig;
  const opener =
    (path: string) =>
    (hash = config.hash): WebTransport =>
      new WebTransport(config.url + path, {
        serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
      });
  const framed = new URL(location.href).searchParams.get('frame');
  if (framed !== null) {
    await stay(opener(framed)());
    document.title = 'open';
    (window.opener ?? parent).postMessage('opened');
    return;
  }
  for (const [path, run] of Object.entries(CASES)) {
    const result = await inTime(run(opener(path))).then(
      (value): PageResult => ({ path, value }),
      (error: unknown): PageResult => ({ path, error: String(error) }),
    );
    await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
  }
  const transport = await stay(opener('/killed')());
  Object.assign(globalThis, { transport });
  await fetch('/result', { method: 'POST', body: JSON.stringify({ path: '/killed', value: 'open' }) });
}

/** A session that says goodbye when its page goes away, as the SDK's do. */
async function stay(transport: WebTransport): Promise<WebTransport> {
  addEventListener('pagehide', () => transport.close({ closeCode: 1, reason: 'page went away' }));
  return await ready(transport);
}

async function ready(transport: WebTransport): Promise<WebTransport> {
  transport.closed.catch(() => undefined);
  await transport.ready;
  return transport;
}

/** `ready`, or the name of the error. */
async function outcomeOf(transport: WebTransport): Promise<string> {
  return await ready(transport).then(
    () => 'ready',
    (error: Error) => error.name,
  );
}

async function closeOf(transport: WebTransport): Promise<WebTransportCloseInfo> {
  const { closeCode = 0, reason = '' } = await transport.closed;
  return { closeCode, reason };
}

function streamError(streamErrorCode: number): WebTransportError {
  // The draft's one argument, which both browsers take; TypeScript's library has the later two.
  return new WebTransportError({ source: 'stream', streamErrorCode } as never);
}

async function writeAll(stream: WritableStream<Uint8Array>, byteCount: number): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(new Uint8Array(byteCount));
  await writer.close();
}

/** How many bytes came until the stream's end. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let byteCount = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return byteCount;
    byteCount += value.length;
  }
}

async function inTime<T>(running: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`Nothing came within ${CASE_TIMEOUT_MS} ms`)), CASE_TIMEOUT_MS);
  });
  return await Promise.race([running, late]);
}

await main();
