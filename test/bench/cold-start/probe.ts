// A new process that loads a function as Lambda does, and tells on standard output how long that took: JSON. The benchmark
// takes the types out before it runs, since Node's own way to do that would be a third of what is measured.
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: unknown) => Promise<{ readonly statusCode?: number }>;

/** One of what is timed; the time origin is the start of the process, so Node's own start counts. */
export interface Start {
  readonly importMs: number;
  readonly readyMs: number;
  readonly firstRequestMs?: number;
  readonly firstMeetingMs?: number;
}

const [, , file, apiKey = ''] = process.argv;
const startedMs = performance.now();
const loaded =
  file === undefined ? undefined : ((await import(pathToFileURL(file).href)) as { handler: Handler });
const readyMs = performance.now();
let requests = {};
if (apiKey !== '' && loaded !== undefined) {
  const { handler } = loaded;
  const timed = async (status: number, request: unknown): Promise<number> => {
    const { statusCode } = await handler(request, {});
    if (statusCode !== status) throw new Error(`The function must answer ${status}: got ${statusCode}`);
    return performance.now();
  };
  const firstRequestMs = await timed(200, httpEvent('GET', '/health'));
  const firstMeetingMs = await timed(
    201,
    httpEvent('POST', '/api/v1/meetings', '{"display_name":"Cold start"}'),
  );
  requests = { firstRequestMs, firstMeetingMs };
}
writeSync(1, JSON.stringify({ importMs: readyMs - startedMs, readyMs, ...requests } satisfies Start));
process.exit();

/** An event of an HTTP API, payload format 2.0. */
function httpEvent(method: string, path: string, body?: string): unknown {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: {
      host: 'localhost',
      authorization: `Bearer ${apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    requestContext: {
      domainName: 'localhost',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' },
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}
