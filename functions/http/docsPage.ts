// The OpenAPI document as a page for people: plain HTML made from the document, no script, no other host.
import { renderFields, renderType } from './docsSchema.ts';
import { DOCS_STYLE } from './docsStyle.ts';
import { escapeHtml, renderInline } from './html.ts';

/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface Documented {
  readonly info: { readonly title: string; readonly description?: string | undefined };
  readonly tags?: readonly { readonly name: string; readonly description?: string | undefined }[] | undefined;
  readonly paths?: Readonly<Record<string, object>> | undefined;
  readonly components?: object | undefined;
}

export interface DocsPage {
  readonly html: string;
  /** Goes with it as a header: the style by its hash, and nothing else. */
  readonly contentSecurityPolicy: string;
}

export type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const JSON_TYPE = 'application/json';

export async function renderDocs(document: Documented): Promise<DocsPage> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(DOCS_STYLE));
  const styleHash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return {
    html: renderPage(document),
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function renderPage(document: Documented): string {
  const { info, tags = [] } = document;
  const routes = routesOf(document);
  const schemas = Object.entries(
    (document.components as { schemas?: Record<string, Schema> })?.schemas ?? {},
  );
  const inTag = (name: string): Route[] => routes.filter(({ operation }) => operation.tags?.includes(name));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)}</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<div class="layout">
<nav aria-label="Contents">
<a class="brand" href="#top">${escapeHtml(info.title)}</a>
${tags.map(({ name }) => renderContents(name, inTag(name).map(toLink))).join('\n')}
${renderContents(
  'Schemas',
  schemas.map(([name]) => ({ href: `#schema-${name}`, text: name })),
)}
</nav>
<main id="top">
<h1>${escapeHtml(info.title)}</h1>
<p class="lead">${renderInline(info.description ?? '')}</p>
<p class="lead">For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
${tags
  .map(
    ({ name, description }) =>
      `<h2 class="tag">${escapeHtml(name)}</h2>\n<p class="lead">${renderInline(description ?? '')}</p>\n${inTag(
        name,
      )
        .map(renderRoute)
        .join('\n')}`,
  )
  .join('\n')}
<h2 class="tag">Schemas</h2>
${schemas.map(([name, schema]) => renderSchema(name, schema)).join('\n')}
</main>
</div>
</body>
</html>
`;
}

function routesOf(document: Documented): Route[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

interface Link {
  readonly href: string;
  readonly text: string;
}

function toLink({ operation }: Route): Link {
  return { href: `#${operation.operationId}`, text: operation.summary };
}

function renderContents(title: string, links: readonly Link[]): string {
  const items = links.map(({ href, text }) => `<li><a href="${href}">${escapeHtml(text)}</a></li>`);
  return `<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('')}</ul>`;
}

function renderRoute({ method, path, operation }: Route): string {
  const body = operation.requestBody?.content;
  return `<article id="${operation.operationId}">
<h3>${escapeHtml(operation.summary)}</h3>
<div class="route"><span class="method ${method.toLowerCase()}">${method}</span><span>${escapeHtml(path)}</span>${
    operation.security === undefined ? '' : '<span class="lock">needs a bearer key</span>'
  }</div>
${operation.description === undefined ? '' : `<p>${renderInline(operation.description)}</p>`}
${renderParameters(operation)}
${body === undefined ? '' : `<h4>Body</h4>${renderContent(body)}`}
<h4>Answers</h4>
<div class="scroll"><table>${Object.entries(operation.responses)
    .map(
      ([status, { description, content }]) =>
        `<tr><td><span class="status ${status < '400' ? 'ok' : 'no'}">${status}</span></td><td>${renderInline(description)}${
          content?.[JSON_TYPE] === undefined
            ? ''
            : ` <span class="type">${renderType(content[JSON_TYPE].schema)}</span>`
        }</td></tr>`,
    )
    .join('')}</table></div>
</article>`;
}

function renderParameters({ parameters = [] }: Operation): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, required, description, schema, ...parameter }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required === true ? '<span class="must">required</span>' : ''}</td><td><span class="type">${parameter.in}, ${renderType(schema)}</span> ${renderInline(description ?? '')}</td></tr>`,
  );
  return `<h4>Parameters</h4><div class="scroll"><table>${rows.join('')}</table></div>`;
}

function renderContent(content: Content): string {
  const types = Object.keys(content).map((type) => `<code>${escapeHtml(type)}</code>`);
  const schema = content[JSON_TYPE]?.schema;
  return `<p class="type">${schema === undefined ? '' : `${renderType(schema)} as `}${types.join(' or ')}</p>`;
}

function renderSchema(name: string, schema: Schema): string {
  const example = schema['example'];
  return `<article id="schema-${escapeHtml(name)}">
<h3>${escapeHtml(name)}</h3>
${typeof schema['description'] === 'string' ? `<p>${renderInline(schema['description'])}</p>` : ''}
${renderFields(schema)}
${example === undefined ? '' : `<h4>Example</h4><pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>`}
</article>`;
}
