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

/** Range of DynamoDB's numbers: it refuses smaller ones than the first and larger ones than the second. */
const MIN_MAGNITUDE = 1e-130;
const MAX_MAGNITUDE = 9.9e125;

/** @throws TypeError for a number that DynamoDB cannot hold; one too small for it is 0 */
export function toAttribute(value: Value): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: toNumber(value) };
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

function toNumber(value: number): string {
  const magnitude = Math.abs(value);
  // Not a number fails the comparison as well.
  if (!(magnitude <= MAX_MAGNITUDE))
    throw new TypeError(`An attribute must be a number of at most ${MAX_MAGNITUDE}: got ${value}`);
  return magnitude < MIN_MAGNITUDE ? '0' : String(value);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
