// The meeting page as files, at the address of the API: a page on the same origin needs no CORS.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import type { MiddlewareHandler } from 'hono';
import { ID_PATTERN } from '../../shared/base/ids.ts';
import type { GlobalControllerApp } from '../app.ts';
import type { AppEnv } from '../http/AppEnv.ts';

const INDEX = 'index.html';

/**
 * Scripts, styles and images of our own only. `connect-src https:` and `wss:` are WebTransport, or WebSocket over TCP, to media nodes, whose addresses are not
 * known before the join; blob workers are encoders and decoders that the page makes of its own script.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self' https: wss:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'permissions-policy':
    'camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()',
  // A meeting's address lets people in: it is told to nobody.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/**
 * Adds the page at `/`, its files beside it, and `/m/<meeting id>`, which is the page as well.
 * @throws Error when the directory holds no page
 */
export async function addPageRoutes(app: GlobalControllerApp, directory: string): Promise<void> {
  const index = join(directory, INDEX);
  if (!(await isFile(index)))
    throw new Error(`The meeting page is not built: "${index}" is not there; run "npm run build"`);
  const page = withHeaders(serveStatic<AppEnv>({ root: directory, path: INDEX }));
  app.get('/', page);
  app.get('/m/:meeting_id', isMeetingId, page);
  app.use('/*', withHeaders(serveStatic<AppEnv>({ root: directory })));
}

const isMeetingId: MiddlewareHandler<AppEnv> = async (context, next) => {
  if (!ID_PATTERN.test(context.req.param('meeting_id') ?? '')) return context.notFound();
  return await next();
};

/** The file's answer with our headers; where there is no file the request goes on without them. */
function withHeaders(serve: MiddlewareHandler<AppEnv>): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const response = await serve(context, next);
    if (response instanceof Response)
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    return response;
  };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // Not there, or not to be read: no page either way.
    return false;
  }
}
