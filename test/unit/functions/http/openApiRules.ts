// The rules of OpenAPI 3.1 (spec.openapis.org, sections 4.8.x) that a document of ours can break, as a check: what is
// wrong, each with its place. And examples against their schemas, as far as JSON Schema 2020-12 is used here.

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Fields = { [name: string]: Json };

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);
const PLACES = new Set(['query', 'header', 'path', 'cookie']);
const SCHEME_TYPES = new Set(['apiKey', 'http', 'mutualTLS', 'oauth2', 'openIdConnect']);
const SCHEMA_TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']);
const ROOT_FIELDS = new Set([
  'openapi',
  'info',
  'jsonSchemaDialect',
  'servers',
  'paths',
  'webhooks',
  'components',
  'security',
  'tags',
  'externalDocs',
]);
const OPERATION_FIELDS = new Set([
  'tags',
  'summary',
  'description',
  'externalDocs',
  'operationId',
  'parameters',
  'requestBody',
  'responses',
  'callbacks',
  'deprecated',
  'security',
  'servers',
]);
const COMPONENT_FIELDS = new Set([
  'schemas',
  'responses',
  'parameters',
  'examples',
  'requestBodies',
  'headers',
  'securitySchemes',
  'links',
  'callbacks',
  'pathItems',
]);

export function openApiProblems(document: unknown): string[] {
  const root = document as Fields;
  const problems: string[] = [];
  const check = (holds: boolean, place: string, rule: string): void => {
    if (!holds) problems.push(`${place}: ${rule}`);
  };
  const fields = (value: Json | undefined): Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

  check(/^3\.1\.\d+$/.test(String(root['openapi'])), 'openapi', 'must be 3.1.x');
  for (const name of Object.keys(root)) check(ROOT_FIELDS.has(name), name, 'is no field of a document');
  const info = fields(root['info']);
  for (const name of ['title', 'version'])
    check(typeof info[name] === 'string', `info.${name}`, 'must be a text');
  const tags = list(root['tags']).map((tag) => String(fields(tag)['name']));
  check(new Set(tags).size === tags.length, 'tags', 'must have names of their own');
  const components = fields(root['components']);
  for (const [kind, entries] of Object.entries(components)) {
    check(COMPONENT_FIELDS.has(kind), `components.${kind}`, 'is no kind of component');
    for (const name of Object.keys(fields(entries)))
      check(/^[a-zA-Z0-9._-]+$/.test(name), `components.${kind}.${name}`, 'must be a component name');
  }
  const schemas = fields(components['schemas']);
  for (const [name, schema] of Object.entries(schemas)) checkSchema(schema, `components.schemas.${name}`);
  const headers = fields(components['headers']);
  for (const [name, header] of Object.entries(headers))
    checkSchema(fields(header)['schema'], `components.headers.${name}`);
  const schemes = fields(components['securitySchemes']);
  for (const [name, scheme] of Object.entries(schemes)) {
    const { type, scheme: http, flows } = fields(scheme);
    check(SCHEME_TYPES.has(String(type)), `securitySchemes.${name}`, 'must be of a known type');
    if (type === 'http') check(typeof http === 'string', `securitySchemes.${name}`, 'must name its scheme');
    if (type === 'oauth2')
      for (const [flow, value] of Object.entries(fields(flows))) {
        check(
          typeof fields(fields(value)['scopes']) === 'object',
          `securitySchemes.${name}.${flow}`,
          'must list scopes',
        );
        check(
          typeof fields(value)['tokenUrl'] === 'string',
          `securitySchemes.${name}.${flow}`,
          'must have a tokenUrl',
        );
      }
  }

  const ids = new Set<Json | undefined>();
  const shapes = new Set<string>();
  for (const [path, item] of Object.entries(fields(root['paths']))) {
    check(path.startsWith('/'), path, 'must start with a slash');
    const shape = path.replace(/\{[^}]+\}/g, '{}');
    check(!shapes.has(shape), path, 'must differ from other paths in more than names');
    shapes.add(shape);
    for (const [method, value] of Object.entries(fields(item))) {
      const place = `${method} ${path}`;
      check(METHODS.has(method), place, 'must be a method');
      const operation = fields(value);
      for (const name of Object.keys(operation))
        check(OPERATION_FIELDS.has(name), place, `has a field "${name}"`);
      check(!ids.has(operation['operationId']), place, 'must have an operationId of its own');
      ids.add(operation['operationId']);
      for (const tag of list(operation['tags']))
        check(tags.includes(String(tag)), place, `has an unknown tag "${tag}"`);
      checkParameters(list(operation['parameters']), path, place);
      for (const requirement of list(operation['security']))
        for (const [name, scopes] of Object.entries(fields(requirement))) {
          check(schemes[name] !== undefined, place, `needs an unknown scheme "${name}"`);
          check(Array.isArray(scopes), place, `must list the scopes of "${name}"`);
        }
      const body = operation['requestBody'];
      if (body !== undefined) {
        check(method !== 'get' && method !== 'head', place, 'must not have a body');
        checkContent(fields(body)['content'], `${place} body`);
      }
      const responses = Object.entries(fields(operation['responses']));
      check(responses.length > 0, place, 'must have a response');
      for (const [status, response] of responses) {
        check(/^([1-5]\d\d|[1-5]XX|default)$/.test(status), `${place} ${status}`, 'must be a status');
        check(
          typeof fields(response)['description'] === 'string',
          `${place} ${status}`,
          'must have a description',
        );
        if (fields(response)['content'] !== undefined)
          checkContent(fields(response)['content'], `${place} ${status}`);
        for (const [name, header] of Object.entries(fields(fields(response)['headers'])))
          checkHeader(fields(header), `${place} ${status} ${name}`);
      }
    }
  }
  return problems;

  function checkHeader({ $ref, schema }: Fields, place: string): void {
    if ($ref === undefined) {
      checkSchema(schema, place);
      return;
    }
    const [, name = ''] = /^#\/components\/headers\/(.+)$/.exec(String($ref)) ?? [];
    check(headers[name] !== undefined, place, `refers to a header "${$ref}" that is not there`);
  }

  function checkParameters(parameters: Json[], path: string, place: string): void {
    const seen = new Set<string>();
    for (const parameter of parameters) {
      const { name, in: where, required, schema, content } = fields(parameter);
      const key = `${where} ${name}`;
      check(typeof name === 'string' && PLACES.has(String(where)), place, `has a parameter "${key}"`);
      check(!seen.has(key), place, `has the parameter "${key}" twice`);
      seen.add(key);
      check(
        (schema === undefined) !== (content === undefined),
        `${place} ${key}`,
        'must have a schema or a content',
      );
      if (schema !== undefined) checkSchema(schema, `${place} ${key}`);
      if (where === 'path') {
        check(required === true, `${place} ${key}`, 'must be required');
        check(path.includes(`{${name}}`), `${place} ${key}`, 'must be in the path');
      }
    }
    for (const [, name] of path.matchAll(/\{([^}]+)\}/g))
      check(seen.has(`path ${name}`), place, `must describe the parameter "${name}"`);
  }

  function checkContent(content: Json | undefined, place: string): void {
    const types = Object.entries(fields(content));
    check(types.length > 0, place, 'must have a content type');
    for (const [type, media] of types) {
      check(/^[\w.+-]+\/[\w.+-]+$/.test(type), `${place} ${type}`, 'must be a content type');
      const { schema, example, examples } = fields(media);
      check(schema !== undefined, `${place} ${type}`, 'must have a schema');
      check(
        example === undefined || examples === undefined,
        `${place} ${type}`,
        'must have example or examples',
      );
      if (schema === undefined) continue;
      checkSchema(schema, `${place} ${type}`);
      // Bytes say nothing to a reader.
      if (type === 'application/x-protobuf') continue;
      check(
        example !== undefined || exampleOf(schema) !== undefined,
        `${place} ${type}`,
        'must have an example',
      );
    }
  }

  function exampleOf(schema: Json): Json | undefined {
    return fields(resolve(schema))['example'];
  }

  function resolve(schema: Json | undefined): Json | undefined {
    const reference = fields(schema)['$ref'];
    return typeof reference === 'string' ? schemas[reference.replace('#/components/schemas/', '')] : schema;
  }

  function checkSchema(schema: Json | undefined, place: string): void {
    if (typeof schema === 'boolean') return;
    const { $ref, type, properties, required, items, pattern, example } = fields(schema);
    const {
      minLength,
      maxLength,
      minimum,
      maximum,
      anyOf,
      oneOf,
      allOf,
      additionalProperties,
      enum: values,
    } = fields(schema);
    if ($ref !== undefined) check(resolve(schema) !== undefined, place, `refers to nothing: ${$ref}`);
    for (const name of Array.isArray(type) ? type : type === undefined ? [] : [type])
      check(SCHEMA_TYPES.has(String(name)), place, `must not be of type "${name}"`);
    check(fields(schema)['nullable'] === undefined, place, 'must not be nullable, which is of OpenAPI 3.0');
    for (const name of ['exclusiveMinimum', 'exclusiveMaximum'])
      check(typeof fields(schema)[name] !== 'boolean', place, `must have a number as ${name}`);
    if (values !== undefined) check(list(values).length > 0, place, 'must have values in its enum');
    if (typeof minLength === 'number' && typeof maxLength === 'number')
      check(minLength <= maxLength, place, 'must have minLength <= maxLength');
    if (typeof minimum === 'number' && typeof maximum === 'number')
      check(minimum <= maximum, place, 'must have minimum <= maximum');
    if (typeof pattern === 'string')
      check(isPattern(pattern), place, `must have a regular expression: ${pattern}`);
    for (const name of list(required))
      check(
        fields(properties)[String(name)] !== undefined,
        place,
        `requires "${name}", which it does not describe`,
      );
    for (const [name, property] of Object.entries(fields(properties)))
      checkSchema(property, `${place}.${name}`);
    if (items !== undefined) checkSchema(items, `${place}[]`);
    if (type === 'array') check(items !== undefined, place, 'must describe its items');
    if (typeof additionalProperties === 'object') checkSchema(additionalProperties, `${place}.*`);
    for (const branch of [...list(anyOf), ...list(oneOf), ...list(allOf)]) checkSchema(branch, place);
    if (example !== undefined)
      for (const problem of mismatches(example, schema ?? true, place))
        problems.push(`example of ${problem}`);
  }

  /** How a value breaks its schema. */
  function mismatches(value: Json, given: Json, place: string): string[] {
    const schema = fields(resolve(given));
    for (const name of ['anyOf', 'oneOf']) {
      const branches = list(schema[name]);
      if (branches.length > 0 && !branches.some((branch) => mismatches(value, branch, place).length === 0))
        return [`${place} fits none of its branches`];
    }
    const broken = list(schema['allOf']).flatMap((branch) => mismatches(value, branch, place));
    const { type, const: constant, enum: values, pattern, minLength, maxLength, minimum, maximum } = schema;
    if (typeof type === 'string' && !isOfType(value, type)) broken.push(`${place} is not of type ${type}`);
    if (constant !== undefined && value !== constant) broken.push(`${place} is not ${constant}`);
    if (values !== undefined && !list(values).includes(value)) broken.push(`${place} is none of its values`);
    if (typeof value === 'string') {
      if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value))
        broken.push(`${place} breaks its pattern`);
      if (typeof minLength === 'number' && value.length < minLength) broken.push(`${place} is too short`);
      if (typeof maxLength === 'number' && value.length > maxLength) broken.push(`${place} is too long`);
    }
    if (typeof value === 'number') {
      if (typeof minimum === 'number' && value < minimum) broken.push(`${place} is too small`);
      if (typeof maximum === 'number' && value > maximum) broken.push(`${place} is too large`);
    }
    if (Array.isArray(value))
      for (const item of value) broken.push(...mismatches(item, schema['items'] ?? true, `${place}[]`));
    else if (typeof value === 'object' && value !== null) {
      for (const name of list(schema['required']))
        if (value[String(name)] === undefined) broken.push(`${place} lacks ${name}`);
      for (const [name, field] of Object.entries(value)) {
        const property = fields(schema['properties'])[name] ?? schema['additionalProperties'];
        if (property === false) broken.push(`${place} has ${name}, which is not described`);
        else if (property !== undefined) broken.push(...mismatches(field, property, `${place}.${name}`));
      }
    }
    return broken;
  }
}

function isOfType(value: Json, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
