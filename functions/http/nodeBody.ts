// Bodies between machines: JSON and protobuf with one shape and one schema (protocol, "Control plane").
import type { Context } from 'hono';
import type * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { invalidRequest } from '../../shared/api/invalidRequest.ts';
import { JSON_TYPE, PROTOBUF } from '../base/contentType.ts';
import { type NodeMessageName, nodeMessages } from '../base/nodeMessages.ts';
import type { AppEnv } from './AppEnv.ts';

/**
 * Reads and validates a body.
 * @throws ApiError INVALID_REQUEST: 415 for another content type, 400 for what does not parse or breaks the schema
 */
export async function readNodeBody<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
  message: NodeMessageName,
): Promise<z.output<Schema>> {
  const body = await readUnvalidated(context, message);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw invalidRequest('body', parsed.error, body);
  return parsed.data;
}

/** Answers in the content type of the request. */
export async function answerNode(
  context: Context<AppEnv>,
  message: NodeMessageName,
  body: object,
): Promise<Response> {
  if (contentType(context) !== PROTOBUF) return context.json(body);
  const { encodeNodeMessage } = await nodeMessages();
  return context.body(encodeNodeMessage(message, body), 200, { 'content-type': PROTOBUF });
}

async function readUnvalidated(context: Context<AppEnv>, message: NodeMessageName): Promise<unknown> {
  const sent = contentType(context);
  if (sent === JSON_TYPE) {
    try {
      return await context.req.json();
    } catch (cause) {
      throw new ApiError('INVALID_REQUEST', 'Malformed JSON in request body', { cause });
    }
  }
  if (sent === PROTOBUF) {
    const { decodeNodeMessage } = await nodeMessages();
    const decoded = decodeNodeMessage(message, new Uint8Array(await context.req.arrayBuffer()));
    if (!decoded.ok)
      throw new ApiError('INVALID_REQUEST', 'Malformed protobuf in request body', { cause: decoded.reason });
    return decoded.value;
  }
  throw new ApiError(
    'INVALID_REQUEST',
    `Content type must be ${JSON_TYPE} or ${PROTOBUF}: got "${sent ?? ''}"`,
    { status: 415 },
  );
}

function contentType(context: Context<AppEnv>): string | undefined {
  return context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
}
