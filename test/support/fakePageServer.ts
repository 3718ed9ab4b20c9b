// Serves the page over a fake meeting as the global controller serves the real one: same files, same strict policy, and
// the two REST calls that the page makes itself.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import type { ErrorBody } from '../../shared/api/error.ts';
import type { MeetingBody } from '../../shared/api/meeting.ts';
import { gcPaths } from '../../shared/api/paths.ts';

const PUBLIC = 'client/page/public';
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "connect-src 'self' https: wss:; base-uri 'none'; form-action 'none'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
export const NEW_MEETING_ID = 'kbq4-w7ps-m2xn';
const MISSING_ID = 'nowhere';
const ENDED_ID = 'over';

export interface FakePageServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startFakePageServer(port = 0): Promise<FakePageServer> {
  const output = await mkdtemp(join(tmpdir(), 'dark-tower-page-'));
  await build({
    entryPoints: { page: 'test/support/fakePage.ts' },
    outdir: output,
    bundle: true,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/api/')) {
      answerApi(request.method, pathname, response);
      return;
    }
    const file = extname(pathname) === '' ? '/index.html' : pathname;
    readFile(join(file === '/page.js' ? output : PUBLIC, file)).then(
      (body) =>
        response
          .writeHead(200, {
            'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
            'content-security-policy': POLICY,
          })
          .end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    url: `http://localhost:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(output, { recursive: true });
    },
  };
}

function answerApi(method: string | undefined, pathname: string, response: ServerResponse): void {
  const answer = (status: number, body: MeetingBody | ErrorBody): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const meetingId = decodeURIComponent(pathname.slice(gcPaths.meetings.length + 1));
  if (method === 'POST' && meetingId === '') {
    answer(201, meeting(NEW_MEETING_ID));
  } else if (meetingId === MISSING_ID) {
    const message = `No meeting "${meetingId}": check the id or create it`;
    answer(404, { error: { code: 'NOT_FOUND', message, details: {} } });
  } else {
    answer(200, meeting(meetingId));
  }
}

function meeting(meetingId: string): MeetingBody {
  return {
    meeting_id: meetingId,
    display_name: meetingId === NEW_MEETING_ID ? meetingId : 'Weekly planning',
    status: meetingId === ENDED_ID ? 'ended' : 'active',
    max_participants: 100,
    allow_guests: false,
    created_at: '2026-11-21T10:00:00.000Z',
  };
}
