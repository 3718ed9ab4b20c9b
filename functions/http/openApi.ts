// The OpenAPI document, and a page that shows it (ledger GC-14). Both are made at the first request, by code that is loaded
// with it: few processes are asked. What is added to the app in the meantime is in them too.
import type { OpenAPIHono } from '@hono/zod-openapi';
import { gcPaths } from '../../shared/api/paths.ts';
import type { AppEnv } from './AppEnv.ts';
import type { DocsPage } from './docsPage.ts';
import type { OpenApiDocument } from './openApiDocument.ts';

/** Adds the document and its page. */
export function addOpenApiRoutes(app: OpenAPIHono<AppEnv>): void {
  let document: Promise<OpenApiDocument> | undefined;
  const getDocument = (): Promise<OpenApiDocument> => {
    document ??= import('./openApiDocument.ts').then(({ createOpenApiDocument }) =>
      createOpenApiDocument(app),
    );
    return document;
  };
  let page: Promise<DocsPage> | undefined;
  const getPage = (): Promise<DocsPage> => {
    page ??= Promise.all([import('./docsPage.ts'), getDocument()]).then(([{ renderDocs }, of]) =>
      renderDocs(of),
    );
    return page;
  };
  app.get(gcPaths.openApi, async (context) => context.json(await getDocument()));
  app.get(gcPaths.docs, async (context) => {
    const { html, contentSecurityPolicy } = await getPage();
    context.header('content-security-policy', contentSecurityPolicy);
    context.header('referrer-policy', 'no-referrer');
    return context.html(html);
  });
}
