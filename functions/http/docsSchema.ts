// JSON Schema as OpenAPI 3.1 has it, for people: the part of it that our schemas use.
import { escapeHtml, renderInline } from './html.ts';

type Schema = Readonly<Record<string, unknown>>;

const REFERENCE = /^#\/components\/schemas\/([A-Za-z0-9]+)$/;

/** A type in a few words: `string, 1 to 80 characters`, `array of CreateMeeting`; references are links. */
export function renderType(schema: Schema): string {
  const [, name] = REFERENCE.exec(String(schema['$ref'] ?? '')) ?? [];
  if (name !== undefined) return `<a href="#schema-${name}">${name}</a>`;
  const choices = schema['enum'];
  if (Array.isArray(choices))
    return choices.map((choice) => `<code>${escapeHtml(String(choice))}</code>`).join(' ');
  const type = String(schema['type'] ?? 'any');
  const inner = type === 'array' ? ` of ${renderType((schema['items'] ?? {}) as Schema)}` : '';
  return [`${escapeHtml(type)}${inner}`, ...limits(schema)].join(', ');
}

/** A table of an object's fields; those of objects within follow as `outer.inner`. */
export function renderFields(schema: Schema): string {
  const rows = rowsOf(schema, '');
  return rows.length === 0 ? '' : `<div class="scroll"><table>${rows.join('')}</table></div>`;
}

function rowsOf(schema: Schema, prefix: string): string[] {
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  return Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>).flatMap(
    ([name, field]) => {
      const must = required.has(name) ? '<span class="must">required</span>' : '';
      const description =
        typeof field['description'] === 'string' ? ` ${renderInline(field['description'])}` : '';
      const row = `<tr><td><code>${escapeHtml(prefix + name)}</code>${must}</td><td><span class="type">${renderType(field)}</span>${description}</td></tr>`;
      return [row, ...rowsOf(field, `${prefix}${name}.`)];
    },
  );
}

function limits(schema: Schema): string[] {
  const found: string[] = [];
  const between = (low: unknown, high: unknown, unit: string): void => {
    if (low !== undefined && high !== undefined) found.push(`${low} to ${high}${unit}`);
    else if (low !== undefined) found.push(`at least ${low}${unit}`);
    else if (high !== undefined) found.push(`at most ${high}${unit}`);
  };
  between(schema['minimum'], schema['maximum'], '');
  between(schema['minLength'], schema['maxLength'], ' characters');
  between(schema['minItems'], schema['maxItems'], ' items');
  if (schema['format'] !== undefined) found.push(escapeHtml(String(schema['format'])));
  if (schema['pattern'] !== undefined) found.push(`<code>${escapeHtml(String(schema['pattern']))}</code>`);
  if (schema['default'] !== undefined)
    found.push(`default <code>${escapeHtml(String(schema['default']))}</code>`);
  return found;
}
