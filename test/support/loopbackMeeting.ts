// A whole meeting for clients, in one process: API, signaling and media, none of them the real one.
import type { Fetch } from '../../client/core/api/ApiClient.ts';
import type { TransportFactory } from '../../client/core/transport.ts';
import { ApiError, type ApiErrorCode, ERROR_STATUS } from '../../shared/api/error.ts';
import { LoopbackMedia } from './loopbackMedia.ts';
import { LoopbackSignaling } from './loopbackSignaling.ts';
import { type PairOptions, pairWebTransports, type TransportPair } from './pairedWebTransport.ts';

export class LoopbackMeeting {
  readonly signaling = new LoopbackSignaling();
  readonly media = new LoopbackMedia();
  /** Every session, in the order in which clients opened them. */
  readonly pairs: { readonly url: string; readonly pair: TransportPair }[] = [];
  readonly #mediaOptions: PairOptions;

  constructor(mediaOptions: PairOptions = {}) {
    this.#mediaOptions = mediaOptions;
  }

  readonly transport: TransportFactory = (url) => {
    const isMedia = url.endsWith('/media');
    if (this.down.has(url)) return pairWebTransports({ refuse: true }).client;
    const pair = pairWebTransports(isMedia ? this.#mediaOptions : {});
    if (isMedia) this.media.serve(pair.server);
    else this.signaling.serve(pair.server);
    this.pairs.push({ url, pair });
    return pair.client;
  };

  /** What the API was asked, in order: method, path below the meeting, and the bearer token where one was shown. */
  readonly asked: string[] = [];
  /** Answers of the API other than its own, by the path below the meeting; undefined leaves it to the API. */
  readonly answers = new Map<string, () => Response | undefined>();
  /** Where the API says that the meeting is served. */
  controllerUrl = 'https://controller.test/signaling';
  /** Sessions to these cannot be made. */
  readonly down = new Set<string>();
  #tokens = 0;

  /** Answers a join with the display name as token, and a refresh with the token and the number of tokens so far. */
  readonly fetch: Fetch = async (url, init) => {
    const path = new URL(url).pathname.replace(/^\/api\/v1\/meetings\/[^/]+/, '');
    const token = new Headers(init.headers).get('authorization')?.replace('Bearer ', ' ') ?? '';
    this.asked.push(`${init.method} ${path}${token}`);
    const answer = this.answers.get(path)?.();
    if (answer !== undefined) return answer;
    const body = JSON.parse(String(init.body)) as { display_name?: string; join_token?: string };
    this.#tokens += 1;
    return Response.json({
      meeting_id: 'demo',
      meeting_controller_url: this.controllerUrl,
      certificate_hashes: [`${'A'.repeat(43)}=`],
      join_token: body.display_name ?? `${body.join_token?.split('#')[0]}#${this.#tokens}`,
      expires_at: '2026-11-21T12:00:00.000Z',
      expires_in: 600,
    });
  };
}

export function apiFailure(code: ApiErrorCode, message = 'No'): Response {
  return Response.json(new ApiError(code, message).toBody(), { status: ERROR_STATUS[code] });
}
