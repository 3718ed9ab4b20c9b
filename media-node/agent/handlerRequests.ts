// Calls of the controller worker to media handlers: a worker may open no connection but its own port, so its agent makes
// them, pinned to the handlers' registered certificates and with the node's token (ledger GC-10).
import { ApiError, errorBodySchema } from '../../shared/api/error.ts';
import type { ControllerAddress } from '../../shared/api/handler.ts';
import { handlerPaths } from '../../shared/api/paths.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { type PinnedAnswer, type PinnedClient, PinnedRequestError } from '../../shared/node/pinnedHttps.ts';
import type { HandlerRequest } from '../ipc/protocol.ts';

/**
 * Makes one request and answers the body of a 2xx, null when it has none. Throws the handler's own ApiError; when there is
 * no answer, NO_CAPACITY with `reason` among its details (refused_certificate, unreachable, timeout ...): another handler
 * may do.
 */
export async function requestHandler(
  client: PinnedClient,
  nodeToken: Secret | undefined,
  request: HandlerRequest,
): Promise<unknown> {
  if (nodeToken === undefined)
    throw new ApiError('NO_CAPACITY', 'This node has not registered yet, so it has no token to show');
  const answer = await client
    .request({
      url: new URL(request.path, request.internal_url).href,
      method: request.method,
      headers: {
        authorization: `Bearer ${nodeToken.reveal()}`,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      certificateHashes: request.certificate_hashes,
    })
    .catch((cause: unknown): never => {
      if (!(cause instanceof PinnedRequestError)) throw cause;
      throw new ApiError('NO_CAPACITY', cause.message, { details: { reason: cause.reason }, cause });
    });
  const body = parse(answer);
  if (answer.status >= 200 && answer.status < 300) return body;
  const failure = errorBodySchema.safeParse(body);
  if (failure.success) {
    const { code, message, details } = failure.data.error;
    throw new ApiError(code, message, { details, status: answer.status });
  }
  throw new ApiError('INTERNAL_ERROR', `The media handler answered ${answer.status} without saying why`);
}

/** Who asks for a router is told of its loss: only the agent knows where its own node listens. */
export function withController(request: HandlerRequest, controller: ControllerAddress): HandlerRequest {
  const isRouterRequest = request.method === 'POST' && request.path === handlerPaths.routers;
  if (!isRouterRequest || typeof request.body !== 'object') return request;
  return { ...request, body: { ...request.body, controller } };
}

function parse(answer: PinnedAnswer): unknown {
  if (answer.body.length === 0) return null;
  try {
    return JSON.parse(answer.body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new ApiError(
      'INTERNAL_ERROR',
      `The media handler answered ${answer.status} with something else than JSON`,
      {
        cause,
      },
    );
  }
}
