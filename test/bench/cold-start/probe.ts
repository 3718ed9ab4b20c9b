// A new process that loads a function as Lambda does, and tells its parent how long that took.
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: unknown) => Promise<{ readonly statusCode?: number }>;

const [, , file] = process.argv;
const startedMs = performance.now();
const loaded =
  file === undefined ? undefined : ((await import(pathToFileURL(file).href)) as { handler: Handler });
// The time origin is the start of the process: Node's own start counts.
const readyMs = performance.now();
let firstRequestMs: number | undefined;
if (file?.includes('public') && loaded !== undefined) {
  const { statusCode } = await loaded.handler(healthRequest(), {});
  if (statusCode !== 200) throw new Error(`The function must answer 200: got ${statusCode}`);
  firstRequestMs = performance.now();
}
process.send?.({ importMs: readyMs - startedMs, readyMs, firstRequestMs }, () => process.exit());

/** An event of an HTTP API, payload format 2.0. */
function healthRequest(): unknown {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/health',
    rawQueryString: '',
    headers: { host: 'localhost' },
    requestContext: {
      domainName: 'localhost',
      http: { method: 'GET', path: '/health', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' },
    },
    isBase64Encoded: false,
  };
}
