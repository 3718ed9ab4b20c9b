// The house rules, on the repository as it is; and each rule on a made-up tree that breaks it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packagesAreDeclared, RULES } from './support/boundaries.ts';
import { parseSource, readSources, type SourceFile } from './support/imports.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What may lie at the top level of the repository. */
const TOP_LEVEL = [
  '.ci',
  '.gitignore',
  '.npmrc',
  'README.md',
  'biome.json',
  'cdk.json',
  'client',
  'functions',
  'infra',
  'media-node',
  'package-lock.json',
  'package.json',
  'shared',
  'test',
  'tsconfig.json',
  'vitest.config.ts',
];

/** A made-up repository: texts by path. */
function tree(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => parseSource(path, text, (other) => other in texts));
}

describe('the repository', () => {
  const files = readSources(root);

  it('is read: over 50 files of every part, and their imports', () => {
    expect(files.length).toBeGreaterThan(50);
    for (const part of ['client', 'functions', 'infra', 'media-node', 'shared', 'test'])
      expect(files.filter((file) => file.path.startsWith(`${part}/`)).length).toBeGreaterThan(3);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(200);
    expect(files.filter((file) => file.path.endsWith('.tsx')).length).toBeGreaterThan(0);
  });

  it.each(Object.keys(RULES))('keeps the rule: %s', (name) => {
    expect(RULES[name]?.(files)).toEqual([]);
  });

  it('keeps the rule: every imported package is in package.json', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    const declared = new Set(Object.keys({ ...dependencies, ...devDependencies }));
    expect(packagesAreDeclared(declared)(files)).toEqual([]);
  });

  it('holds nothing at its top level but what belongs there', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
    const topLevel = new Set(
      tracked
        .split('\0')
        .filter((path) => path !== '')
        .map((path) => path.split('/')[0]),
    );
    expect(topLevel.size).toBeGreaterThan(5);
    expect([...topLevel].filter((name) => !TOP_LEVEL.includes(name ?? ''))).toEqual([]);
  });
});

/** Trees that break one rule, and what the rule says of them. */
const BROKEN: readonly (readonly [
  rule: string,
  texts: Readonly<Record<string, string>>,
  violations: string[],
])[] = [
  [
    'relative imports name files that exist',
    {
      'client/core/a.ts': `import './b.ts';\nimport type { C } from './c';\nexport const d = (name: string) => import(name);`,
      'client/core/c.ts': 'export type C = 1;',
    },
    [
      'client/core/a.ts:1 imports "./b.ts": there is no such file',
      'client/core/a.ts:2 imports "./c": there is no such file',
      'client/core/a.ts:3 imports something computed: name it as text',
    ],
  ],
  [
    'client, functions, media-node and infra import shared, never each other',
    {
      'client/a.ts': `import { x } from '../functions/x.ts';\nimport type { y } from '../media-node/y.ts';`,
      'functions/x.ts': `export * from '../media-node/y.ts';`,
      'media-node/y.ts': `export type Y = import('../infra/z.ts').Z;`,
      'infra/z.ts': `const x = await import('../client/a.ts');\nimport '../shared/s.ts';`,
      'shared/s.ts': `export { t } from '../test/t.ts';`,
      'test/t.ts': `import '../client/a.ts';\nimport '../infra/z.ts';`,
    },
    [
      'client/a.ts:1 imports functions/x.ts: client/ may import shared/ only',
      'client/a.ts:2 imports media-node/y.ts: client/ may import shared/ only',
      'functions/x.ts:1 imports media-node/y.ts: functions/ may import shared/ only',
      'media-node/y.ts:1 imports infra/z.ts: media-node/ may import shared/ only',
      'infra/z.ts:1 imports client/a.ts: infra/ may import shared/ only',
      'shared/s.ts:1 imports test/t.ts: shared/ may import nothing else of ours',
    ],
  ],
  [
    'generated modules are imported through shared messages alone',
    {
      'functions/a.ts': `import { b } from '../shared/b/generated/b.js';`,
      'shared/b/messages.ts': `import { b } from './generated/b.js';`,
      'shared/b/generated/b.js': '',
    },
    [
      'functions/a.ts:1 imports shared/b/generated/b.js: import shared/b/messages.ts, which makes its 64-bit integers numbers',
    ],
  ],
  [
    'what imports a generated module makes its 64-bit integers numbers first',
    {
      'shared/base/plainNumbers.ts': '',
      'shared/a/messages.ts': `import '../base/plainNumbers.ts';\nimport './generated/a.js';`,
      'shared/b/messages.ts': `import './generated/b.js';\nimport '../base/plainNumbers.ts';`,
      'shared/a/generated/a.js': '',
      'shared/b/generated/b.js': '',
    },
    [
      'shared/b/messages.ts imports a generated module before shared/base/plainNumbers.ts, which must come first',
    ],
  ],
  [
    'MH-11 media-node imports rightwards: transport, routing, quality, metrics',
    {
      'media-node/transport/a.ts': `import '../routing/b.ts';\nimport '../handler/e.ts';`,
      'media-node/routing/b.ts': `import type { A } from '../transport/a.ts';\nimport '../metrics/d.ts';`,
      'media-node/quality/c.ts': `import '../routing/b.ts';`,
      'media-node/metrics/d.ts': `import '../quality/c.ts';`,
      'media-node/handler/e.ts': `import '../transport/a.ts';\nimport '../controller/f.ts';`,
      'media-node/controller/f.ts': '',
      'media-node/agent/g.ts': `import type {} from '../controller/f.ts';\nimport '../handler/e.ts';`,
      'media-node/workers/h.ts': `import '../handler/e.ts';\nimport '../agent/g.ts';`,
      'media-node/extra/i.ts': `import '../metrics/d.ts';`,
    },
    [
      'media-node/transport/a.ts:2 imports media-node/handler/e.ts: transport/ may import routing/, quality/, metrics/',
      'media-node/routing/b.ts:1 imports media-node/transport/a.ts: routing/ may import quality/, metrics/',
      'media-node/quality/c.ts:1 imports media-node/routing/b.ts: quality/ may import metrics/',
      'media-node/metrics/d.ts:1 imports media-node/quality/c.ts: metrics/ may import no other folder',
      'media-node/handler/e.ts:2 imports media-node/controller/f.ts: handler/ may import ipc/, transport/, routing/, quality/, metrics/',
      'media-node/agent/g.ts:1 imports media-node/controller/f.ts: agent/ may import ipc/, transport/, metrics/',
      'media-node/agent/g.ts:2 imports media-node/handler/e.ts: agent/ may import ipc/, transport/, metrics/',
      'media-node/workers/h.ts:2 imports media-node/agent/g.ts: workers/ may import handler/, controller/, ipc/, transport/, routing/, quality/, metrics/',
      'media-node/extra/i.ts:1 is in media-node/extra, which has no import rule',
    ],
  ],
  [
    'MH-11 each layer of the packet path has tests of its own, which reach nothing to its left',
    {
      'media-node/transport/a.ts': '',
      'media-node/routing/b.ts': `import '../metrics/d.ts';`,
      'media-node/quality/c.ts': '',
      'media-node/metrics/d.ts': '',
      'media-node/handler/e.ts': `import '../transport/a.ts';`,
      'test/unit/transport/a.test.ts': `import '../../../media-node/transport/a.ts';\nimport '../help.ts';`,
      'test/unit/help.ts': `import type {} from '../../media-node/handler/e.ts';`,
      'test/unit/routing/b.test.ts': `import '../../../media-node/routing/b.ts';`,
      'test/unit/quality/c.test.ts': `import '../../../media-node/quality/c.ts';\nimport '../routing/b.test.ts';`,
      'test/unit/metrics/help.ts': `import '../../../media-node/metrics/d.ts';`,
    },
    [
      'test/unit/transport/a.test.ts -> test/unit/help.ts -> media-node/handler/e.ts: tests of transport/ reach nothing to its left',
      'test/unit/quality/c.test.ts -> test/unit/routing/b.test.ts -> media-node/routing/b.ts: tests of quality/ reach nothing to its left',
      'media-node/metrics has no test of its own in test/unit/metrics',
    ],
  ],
  [
    'client/page stands on client/media, which stands on client/core',
    {
      'client/core/a.ts': `import type { B } from '../media/b.ts';`,
      'client/media/b.ts': `import '../core/a.ts';\nimport '../page/c.tsx';`,
      'client/page/c.tsx': `import '../media/b.ts';`,
    },
    [
      'client/core/a.ts:1 imports client/media/b.ts: core/ may import no other folder',
      'client/media/b.ts:2 imports client/page/c.tsx: media/ may import core/',
    ],
  ],
  [
    'the Deno engine is behind the transport seam',
    {
      'media-node/transport/deno/a.ts': '',
      'media-node/transport/b.ts': `import type { A } from './deno/a.ts';`,
      'media-node/workers/c.ts': `import '../transport/deno/a.ts';`,
    },
    [
      'media-node/transport/b.ts:1 imports media-node/transport/deno/a.ts: only media-node/workers/ chooses the engine',
    ],
  ],
  [
    'only media-node/transport/deno and media-node/workers name Deno',
    {
      'media-node/handler/a.ts': 'export const pid = Deno.pid;',
      'media-node/routing/b.ts': 'type Engine = typeof globalThis.Deno;',
      'media-node/metrics/c.ts': `// Deno\nexport const text = 'Deno';`,
      'media-node/transport/deno/d.ts': 'Deno.exit();',
      'media-node/workers/e.ts': 'Deno.exit();',
    },
    ['media-node/handler/a.ts', 'media-node/routing/b.ts'].map(
      (path) => `${path} names Deno: only media-node/transport/deno/ and media-node/workers/ may`,
    ),
  ],
  [
    'client imports nothing of Node',
    {
      'client/a.ts': `import '../shared/node/s.ts';\nimport type { B } from 'node:buffer';`,
      'shared/node/s.ts': '',
    },
    [
      'client/a.ts:1 imports shared/node/s.ts: it needs Node',
      'client/a.ts:2 imports node:buffer: browsers have no Node modules',
    ],
  ],
  [
    'shared imports nothing of Node outside shared/node',
    { 'shared/base/a.ts': `import { x } from 'node:fs';`, 'shared/node/b.ts': `import 'node:fs';` },
    ['shared/base/a.ts:1 imports node:fs: only shared/node/ may need Node'],
  ],
  [
    'shared names no global of the DOM',
    { 'shared/a.ts': 'export const title = document.title;' },
    ['shared/a.ts names document: shared/ runs anywhere'],
  ],
  [
    'shared names no global of Node outside shared/node',
    { 'shared/a.ts': 'Buffer.alloc(1);', 'shared/node/b.ts': 'Buffer.alloc(1);' },
    ['shared/a.ts names Buffer: shared/ runs anywhere'],
  ],
  [
    'client/core names no global of the DOM',
    {
      'client/core/a.ts': 'export const show = (on: HTMLVideoElement) => window.open(String(navigator));',
      'client/core/b.ts':
        'export function room({ window }: { window: number }) { const document = 1; return { navigator: window + document }; }',
      'client/core/c.ts': 'export const { a = document } = {}; // window',
      'client/media/d.ts': 'document.title;',
    },
    [
      'client/core/a.ts names HTMLVideoElement: client/core runs without a page',
      'client/core/a.ts names window: client/core runs without a page',
      'client/core/a.ts names navigator: client/core runs without a page',
      'client/core/c.ts names document: client/core runs without a page',
    ],
  ],
  [
    'client names no global of Node',
    { 'client/page/a.tsx': `export const A = () => <p title={process.title}>Don't use process</p>;` },
    ['client/page/a.tsx names process: it is not in browsers'],
  ],
  [
    'packages stay with their part: AWS with functions, CDK with infra',
    {
      'media-node/a.ts': `import type { X } from '@aws-sdk/client-dynamodb';\nimport dynalite from 'dynalite';`,
      'functions/b.ts': `import '@aws-sdk/client-dynamodb';\nimport 'aws-cdk-lib/aws-lambda';`,
      'infra/c.ts': `import 'aws-cdk-lib';\nimport x = require('preact/hooks');`,
      'test/d.ts': `import 'dynalite';`,
    },
    [
      'media-node/a.ts:1 imports @aws-sdk/client-dynamodb: only functions/ and infra/ may',
      'media-node/a.ts:2 imports dynalite: only functions/ and infra/ may',
      'functions/b.ts:2 imports aws-cdk-lib: only infra/ may',
      'infra/c.ts:2 imports preact: only client/ may',
    ],
  ],
  [
    'only mains read the environment',
    {
      'functions/http/a.ts': 'const region =\n  process.env.AWS_REGION;',
      'functions/http/b.ts': `const { env: { HOME } } = process;\nprocess['env'];`,
      'media-node/agent/c.ts': `import { env } from 'node:process';\nDeno.env.get('X');`,
      'media-node/agent/main.ts': 'process.env.X;',
      'client/core/d.ts': 'const env = { process: 1 }; env.process;',
    },
    [
      'functions/http/a.ts:2',
      'functions/http/b.ts:1',
      'functions/http/b.ts:2',
      'media-node/agent/c.ts:1',
      'media-node/agent/c.ts:2',
    ].map((place) => `${place} reads the environment: a main does, and hands on what it read`),
  ],
  [
    'no file is over 400 lines',
    { 'client/a.ts': '\n'.repeat(401), 'client/b.ts': '\n'.repeat(400) },
    ['client/a.ts has 401 lines: at most 400, split it by concept'],
  ],
  [
    'imports have no cycles',
    {
      'shared/a.ts': `import './b.ts';`,
      'shared/b.ts': `import type { C } from './c.ts';`,
      'shared/c.ts': `import './a.ts';`,
      'shared/d.ts': `import './a.ts';\nimport './e.ts';`,
      'shared/e.ts': `export * from './e.ts';`,
    },
    [
      'shared/a.ts -> shared/b.ts -> shared/c.ts -> shared/a.ts is a cycle',
      'shared/e.ts -> shared/e.ts is a cycle',
    ],
  ],
];

describe('the checker', () => {
  it('has a broken tree for every rule', () => {
    expect(BROKEN.map(([rule]) => rule)).toEqual(Object.keys(RULES));
  });

  it.each(BROKEN)('catches what breaks the rule: %s', (rule, texts, violations) => {
    expect(RULES[rule]?.(tree(texts))).toEqual(violations);
  });

  it('catches a package that package.json does not list', () => {
    const files = tree({
      'infra/a.ts': `import 'a';\nimport 'node:fs';\nexport * from '@b/c/d';\nrequire('e/f');`,
    });
    expect(packagesAreDeclared(new Set(['a']))(files)).toEqual([
      'infra/a.ts:3 imports @b/c: package.json does not list it',
      'infra/a.ts:4 imports e: package.json does not list it',
    ]);
  });

  it('names the file that it cannot parse', () => {
    expect(() => tree({ 'client/a.ts': 'const = 1' })).toThrow(/^Cannot parse client\/a\.ts: /);
  });
});
