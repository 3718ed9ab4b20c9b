import type { OpenApiDocument } from './openApi.ts';
export async function renderDocs(
  document: OpenApiDocument,
): Promise<{ html: string; contentSecurityPolicy: string }> {
  return { html: JSON.stringify(document), contentSecurityPolicy: "default-src 'none'" };
}
