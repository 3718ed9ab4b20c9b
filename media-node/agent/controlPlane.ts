// Control-plane messages as protobuf and JSON (protocol: "Control plane"): the wire form is decoded to the JSON form, with
// enums as their names, and one schema checks both.
import { ApiError } from '../../shared/api/error.ts';
import { darktower } from '../../shared/control-plane/generated/control-plane.js';

export const PROTOBUF = 'application/x-protobuf';
export const JSON_TYPE = 'application/json';

export const controlPlane: typeof darktower.controlplane = darktower.controlplane;

/** What the generated classes have in common. */
interface MessageType<Message> {
  // biome-ignore lint/suspicious/noExplicitAny: the generated signatures have it
  fromObject(object: { [k: string]: any }): Message;
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  toObject(message: Message, options: ConversionOptions): { [k: string]: unknown };
}

interface ConversionOptions {
  readonly enums: StringConstructor;
  readonly longs: NumberConstructor;
  readonly arrays: boolean;
  readonly defaults: boolean;
}

/** Fields that are not on the wire have their default (proto3), messages among them are null. */
const CONVERSION: ConversionOptions = { enums: String, longs: Number, arrays: true, defaults: true };

export function encodeMessage<Message>(type: MessageType<Message>, object: object): Uint8Array<ArrayBuffer> {
  return new Uint8Array(type.encode(type.fromObject(object)).finish());
}

/** @throws ApiError when the bytes are not such a message. */
export function decodeMessage<Message>(type: MessageType<Message>, bytes: Uint8Array): unknown {
  try {
    return type.toObject(type.decode(bytes), CONVERSION);
  } catch (cause) {
    throw new ApiError('INVALID_REQUEST', 'The body is not a valid protobuf message', { cause });
  }
}
