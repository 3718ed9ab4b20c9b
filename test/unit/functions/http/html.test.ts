import { describe, expect, it } from 'vitest';
import { renderDocs } from '../../../../functions/http/docsPage.ts';
import { escapeHtml, renderInline } from '../../../../functions/http/html.ts';

describe('HTML from text', () => {
  it('escapes all that HTML reads as its own', () => {
    expect(escapeHtml(`<a href="x" id='y'>&</a>`)).toBe(
      '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
    );
    expect(renderInline('a `<b>` c')).toBe('a <code>&lt;b&gt;</code> c');
  });

  it('GC-14 shows a document that has markup in every text without running it', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { html } = await renderDocs({
      info: { title: evil, description: evil },
      tags: [{ name: evil, description: evil }],
      paths: {
        [`/${evil}`]: {
          get: {
            operationId: 'evil',
            summary: evil,
            description: evil,
            tags: [evil],
            parameters: [
              { name: evil, in: 'query', description: evil, schema: { enum: [evil], pattern: evil } },
            ],
            responses: { 200: { description: evil } },
          },
        },
      },
      components: {
        schemas: {
          Evil: {
            type: evil,
            description: evil,
            properties: { [evil]: { type: evil, default: evil } },
            example: evil,
          },
        },
      },
    });
    expect(html).not.toContain('<img');
  });
});
