// A whole meeting for clients, in one process: API, signaling and media, none of them the real one.
import type { Fetch } from '../../client/core/api/ApiClient.ts';
import type { TransportFactory } from '../../client/core/transport.ts';
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
    const pair = pairWebTransports(isMedia ? this.#mediaOptions : {});
    if (isMedia) this.media.serve(pair.server);
    else this.signaling.serve(pair.server);
    this.pairs.push({ url, pair });
    return pair.client;
  };

  /** Answers every join with a token that is the display name. */
  readonly fetch: Fetch = async (_url, init) =>
    Response.json({
      meeting_id: 'demo',
      meeting_controller_url: 'https://controller.test/signaling',
      certificate_hashes: [`${'A'.repeat(43)}=`],
      join_token: (JSON.parse(String(init.body)) as { display_name: string }).display_name,
      expires_at: '2026-11-21T12:00:00.000Z',
    });
}
