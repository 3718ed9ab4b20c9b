import { request } from 'node:https';
import { json } from 'node:stream/consumers';

/** GETs JSON from a node's internal API with a node token, whatever certificate it shows: for looking at it in tests. */
export function getUnpinned(url: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    request(url, { headers, rejectUnauthorized: false }, (response) => json(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}
