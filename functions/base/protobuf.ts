export const PROTOBUF = 'application/x-protobuf';

/** A generated protobuf class, as far as it is used here. */
export interface ProtobufMessage {
  readonly decode: (bytes: Uint8Array) => object;
  readonly toObject: (
    message: never,
    options: { enums: StringConstructor; longs: NumberConstructor; defaults: boolean },
  ) => object;
}

/**
 * Decodes to what JSON would have given: proto field names, enum names, 64-bit integers as numbers, and every
 * field that has no presence present.
 * @throws Error when the bytes are not such a message
 */
export function decodeProtobuf(type: ProtobufMessage, bytes: Uint8Array): unknown {
  return type.toObject(type.decode(bytes) as never, { enums: String, longs: Number, defaults: true });
}
