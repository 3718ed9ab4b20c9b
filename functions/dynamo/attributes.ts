// Plain values to DynamoDB attribute values and back, for the types that our items have.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | { readonly [name: string]: Value | undefined };
/** Attributes by name; an undefined one is not there. */
export type Item = Readonly<Record<string, Value | undefined>>;
export type AttributeMap = Record<string, AttributeValue>;

/** @throws TypeError for a number that is not finite: DynamoDB has none */
export function toAttribute(value: Value): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`An attribute must be a finite number: got ${value}`);
    return { N: String(value) };
  }
  if (isList(value)) return { L: value.map(toAttribute) };
  return { M: toAttributes(value) };
}

export function toAttributes(item: Item): AttributeMap {
  const attributes: AttributeMap = {};
  for (const [name, value] of Object.entries(item))
    if (value !== undefined) attributes[name] = toAttribute(value);
  return attributes;
}

/** @throws TypeError for a type that toAttribute does not make */
export function fromAttribute(attribute: AttributeValue): Value {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(fromAttribute);
  if (attribute.M !== undefined) return fromAttributes(attribute.M);
  throw new TypeError(
    `An attribute must be of type S, N, BOOL, L or M: got ${Object.keys(attribute).join()}`,
  );
}

export function fromAttributes(attributes: AttributeMap): Item {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, fromAttribute(attribute)]),
  );
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
