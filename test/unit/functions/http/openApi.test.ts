import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane } from '../support/ControlPlane.ts';
import { openApiProblems } from './openApiRules.ts';

interface Content {
  readonly [type: string]: { readonly schema: { readonly $ref?: string } };
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Record<string, unknown>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

let plane: ControlPlane;
let document: Document;

beforeAll(async () => {
  plane = await ControlPlane.start();
  document = (await (await plane.get('/api/v1/openapi.json')).json()) as Document;
});

afterAll(async () => {
  await plane.stop();
});

function operations(): [string, string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      path,
      method,
      operation,
    ]),
  );
}

/** Every value of this key, anywhere in the document. */
function valuesOf(key: string, within: unknown = document): unknown[] {
  if (typeof within !== 'object' || within === null) return [];
  return Object.entries(within).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...valuesOf(key, value),
  ]);
}

describe('the OpenAPI document', () => {
  it('GC-14 is OpenAPI 3.1 and lists every route of the app', () => {
    expect(document.openapi).toBe('3.1.0');
    const served = plane.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
      .filter((route) => !/openapi\.json$|docs$/.test(route));
    const listed = operations().map(([path, method]) => `${method} ${path}`);
    expect(listed.length).toBeGreaterThanOrEqual(10);
    expect(new Set(listed)).toEqual(new Set(served));
  });

  it('GC-14 is valid, and each body has an example that fits its schema', () => {
    expect(openApiProblems(document)).toEqual([]);
  });

  it.each([
    [
      'an operationId used twice',
      /"operationId":"listNodes"/,
      '"operationId":"getHealth"',
      'operationId of its own',
    ],
    ['a reference to nothing', /schemas\/Meeting"/, 'schemas/Nothing"', 'refers to nothing'],
    [
      'an example that does not fit',
      /"max_participants":12/,
      '"max_participants":"12"',
      'not of type integer',
    ],
    ['a body without an example', /,"example":\{"display_name":"Ada"\}/, '', 'must have an example'],
    ['a tag that is not described', /"name":"Joining"/, '"name":"Coming"', 'unknown tag "Joining"'],
    [
      'a path parameter that is not described',
      /"name":"meeting_id"/,
      '"name":"other_id"',
      'must be in the path',
    ],
    ['a scheme that is not described', /"userToken":\[/, '"token":[', 'unknown scheme "token"'],
  ])('GC-14 is found out by its check when it has %s', (_name, from, to, problem) => {
    const text = JSON.stringify(document);
    expect(text).toMatch(from);
    const problems = openApiProblems(JSON.parse(text.replace(from, to)));
    expect(problems.join('; ')).toContain(problem);
  });

  it('GC-14 resolves every reference', () => {
    const references = valuesOf('$ref') as string[];
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const [, kind = '', name = ''] = /^#\/components\/(\w+)\/([\w-]+)$/.exec(reference) ?? [];
      expect(document.components[kind]?.[name], reference).toBeDefined();
    }
  });

  it('GC-14 has the Error schema behind every error status, and an error status for all that can go wrong', () => {
    for (const [path, method, operation] of operations()) {
      if (path === '/health') continue;
      const statuses = Object.keys(operation.responses);
      expect(statuses, `${method} ${path}`).toEqual(expect.arrayContaining(['405', '406', '500']));
      if (operation.security?.length !== 0)
        expect(statuses, `${method} ${path}`).toEqual(expect.arrayContaining(['401', '503']));
      if (operation.requestBody !== undefined)
        expect(statuses, `${method} ${path}`).toEqual(expect.arrayContaining(['400', '413', '415']));
      if (path.includes('{')) expect(statuses, `${method} ${path}`).toContain('400');
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description).not.toBe('');
        const schema = response.content?.['application/json']?.schema;
        if (status >= '400')
          expect(schema, `${method} ${path} ${status}`).toEqual({ $ref: '#/components/schemas/Error' });
        else expect(schema, `${method} ${path} ${status}`).toBeDefined();
      }
    }
  });

  it('GC-14 describes each path’s parameters, names each operation once, and says which key it needs', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, , operation] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(described.map(({ name }) => name)).toEqual(inPath);
      expect(operation.summary).not.toBe('');
      const schemes = Object.keys(document.components['securitySchemes'] ?? {});
      for (const requirement of operation.security ?? [])
        for (const scheme of Object.keys(requirement)) expect(schemes).toContain(scheme);
      if (path !== '/health') expect(operation.security).toBeDefined();
    }
  });

  it('GC-14 has patterns that are regular expressions as JSON Schema means them', () => {
    const patterns = valuesOf('pattern') as string[];
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) {
      expect(pattern).toMatch(/^\^.*\$$/);
      expect(() => new RegExp(pattern, 'u')).not.toThrow();
    }
  });

  it('GC-14 offers protobuf beside JSON on the routes of media nodes', () => {
    const nodeRoutes = operations().filter(
      ([path]) => /media-handlers|meeting-controllers/.test(path) && !path.endsWith('/drain'),
    );
    expect(nodeRoutes).toHaveLength(8);
    for (const [, , { requestBody, responses }] of nodeRoutes) {
      const types = ['application/json', 'application/x-protobuf'];
      expect(Object.keys(requestBody?.content ?? {})).toEqual(types);
      expect(Object.keys(responses['200']?.content ?? {})).toEqual(types);
    }
  });
});

describe('the page of the document', () => {
  it('GC-14 shows every operation and schema, and lets nothing else in', async () => {
    const response = await plane.get('/api/v1/docs');
    expect(response.headers.get('content-type')).toContain('text/html');
    const html = await response.text();
    for (const [path, , { operationId, summary }] of operations()) {
      expect(html).toContain(`id="${operationId}"`);
      expect(html).toContain(summary.replaceAll("'", '&#39;'));
      expect(html).toContain(path);
    }
    for (const name of Object.keys(document.components['schemas'] ?? {}))
      expect(html).toContain(`id="schema-${name}"`);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${target}"`);
    expect(html).not.toContain('<script');
    expect(html.match(/(?:src|href|action)="https?:|url\(|@import/g)).toBe(null);
  });

  it('GC-14 has a policy that allows its own style, by hash, and nothing else', async () => {
    const response = await plane.get('/api/v1/docs');
    const policy = response.headers.get('content-security-policy') ?? '';
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(await response.text()) ?? [];
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    expect(policy).toContain(`style-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });
});
