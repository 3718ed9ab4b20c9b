// What a schema refused, as a sentence about the field that a person can act on: the library's own text is about types.
import type * as z from 'zod';

/** Characters of a value that are shown. */
const MAX_SHOWN_LENGTH = 64;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const UNITS: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'item',
  set: 'item',
  map: 'item',
};

export interface RefusedInput {
  /** What the issue is about where it has no path, as `body`. */
  readonly place: string;
  /** What was given to the schema. */
  readonly input: unknown;
  /** Whether the value may be told again: bodies carry secrets. */
  readonly showsValue: boolean;
}

/**
 * `display_name is required`, `limit must be a whole number from 1 to 100: got "abc"`. Messages of our own schemas begin
 * with "must" and are taken as they are.
 */
export function describeIssue(issue: z.core.$ZodIssue, { place, input, showsValue }: RefusedInput): string {
  const name = issue.path.length === 0 ? `Request ${place}` : issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.length === 1
      ? `${name} must not have the field ${JSON.stringify(issue.keys[0])}`
      : `${name} must not have the fields ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
  const value = valueAt(input, issue.path);
  if (value === undefined) return `${name} is required`;
  const rule = issue.message.startsWith('must ') ? issue.message : ruleOf(issue);
  return `${name} ${rule}${showsValue ? shown(value) : ''}`;
}

function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return boundOf(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return boundOf(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return `must be a valid ${issue.format}`;
    default:
      return `is not valid: ${issue.message}`;
  }
}

function boundOf(origin: string, comparison: string, bound: number | bigint): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `must be ${comparison} ${bound}`;
  return `must have ${comparison} ${bound} ${unit}${Number(bound) === 1 ? '' : 's'}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

function shown(value: unknown): string {
  if (typeof value !== 'string') return '';
  const cut = value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}...` : value;
  return `: got ${JSON.stringify(cut)}`;
}
