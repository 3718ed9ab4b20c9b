// One request of a handler to a meeting controller: JSON with the node token, over a connection pinned to its certificates.
import type { ControllerAddress } from '../../shared/api/handler.ts';
import type { Secret } from '../../shared/base/secret.ts';
import type { PinnedClient } from '../../shared/node/pinnedHttps.ts';

export interface ControllerAccess {
  readonly client: PinnedClient;
  readonly nodeToken: () => Secret | undefined;
}

/**
 * Answers with the HTTP status, whichever it is.
 * @throws PinnedRequestError when the controller does not answer.
 */
export async function postToController(
  { client, nodeToken }: ControllerAccess,
  controller: ControllerAddress,
  path: string,
  body: object,
): Promise<number> {
  const { status } = await client.request({
    url: new URL(path, controller.internal_url).href,
    method: 'POST',
    headers: {
      authorization: `Bearer ${nodeToken()?.reveal() ?? ''}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
    certificateHashes: controller.certificate_hashes,
  });
  return status;
}
