// The house rules about what may import and name what (architecture document, "Imports"), as functions from source files
// to violations. A violation is a sentence that starts with the place: `path:line`.
import type { SourceFile, SourceImport } from './imports.ts';

export type Rule = (files: readonly SourceFile[]) => string[];

export const MAX_LINES = 400;

const PARTS = ['client', 'functions', 'media-node', 'infra', 'shared', 'test'];

/** The first folders of a path: `part('media-node/routing/x.ts', 2)` is `media-node/routing`. */
function part(path: string, depth = 1): string {
  return path.split('/').slice(0, -1).slice(0, depth).join('/');
}

function inFolder(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** Violations of a check that looks at one import at a time. */
function eachImport(
  check: (file: SourceFile, imported: SourceImport) => string | undefined,
): (files: readonly SourceFile[]) => string[] {
  return (files) =>
    files.flatMap((file) =>
      file.imports.flatMap((imported) => {
        const violation = check(file, imported);
        return violation === undefined ? [] : [`${file.path}:${imported.line} ${violation}`];
      }),
    );
}

function eachFile(check: (file: SourceFile) => readonly string[]): Rule {
  return (files) => files.flatMap((file) => check(file).map((violation) => `${file.path} ${violation}`));
}

/** Relative imports name files that exist, with their extension; computed ones are for tests alone. */
const importsResolve: Rule = eachImport((file, { specifier, target, packageName }) => {
  if (specifier === undefined)
    return inFolder(file.path, 'test') ? undefined : 'imports something computed: name it as text';
  return target === undefined && packageName === undefined
    ? `imports "${specifier}": there is no such file`
    : undefined;
});

/** The parts import themselves and shared; shared imports itself; test imports everything and nothing imports test. */
const partsImportShared: Rule = eachImport((file, { target }) => {
  const from = part(file.path);
  if (target === undefined || from === '' || from === 'test') return undefined;
  const to = part(target);
  if (to === from || (to === 'shared' && PARTS.includes(from))) return undefined;
  return `imports ${target}: ${from}/ may import ${from === 'shared' ? 'nothing else of ours' : 'shared/ only'}`;
});

/** A generated module alone hands out Long objects for 64-bit integers: shared's messages.ts beside it makes them numbers. */
const generatedModulesHaveOneEntry: Rule = eachImport((file, { target = '' }) => {
  const [folder, generated] = target.split('/generated/');
  if (generated === undefined || file.path === `${folder}/messages.ts`) return undefined;
  return `imports ${target}: import ${folder}/messages.ts, which makes its 64-bit integers numbers`;
});

const messagesHaveNumbers: Rule = eachFile((file) => {
  if (!inFolder(file.path, 'shared') || !file.imports.some(({ target }) => target?.includes('/generated/')))
    return [];
  return file.imports[0]?.target === 'shared/base/plainNumbers.ts'
    ? []
    : ['imports a generated module before shared/base/plainNumbers.ts, which must come first'];
});

/** Folders of media-node and the ones each may import. The packet path goes rightwards: transport, routing, quality, metrics. */
const MEDIA_NODE_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  metrics: [],
  quality: ['metrics'],
  routing: ['quality', 'metrics'],
  transport: ['routing', 'quality', 'metrics'],
  ipc: ['transport'],
  handler: ['ipc', 'transport', 'routing', 'quality', 'metrics'],
  controller: ['ipc', 'transport', 'metrics'],
  agent: ['ipc', 'transport', 'metrics'],
  workers: ['handler', 'controller', 'ipc', 'transport', 'routing', 'quality', 'metrics'],
};

/** Folders of client: the page stands on the media SDK, which stands on the core. */
const CLIENT_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  media: ['core'],
  page: ['core', 'media'],
};

function foldersImport(root: string, folders: Readonly<Record<string, readonly string[]>>): Rule {
  return eachImport((file, { target }) => {
    if (target === undefined || part(file.path) !== root || part(target) !== root) return undefined;
    const [from, to] = [file.path, target].map((path) => path.split('/')[1] ?? '') as [string, string];
    const allowed = folders[from];
    if (allowed === undefined) return `is in ${root}/${from}, which has no import rule`;
    if (from === to || allowed.includes(to)) return undefined;
    return `imports ${target}: ${from}/ may import ${allowed.map((name) => `${name}/`).join(', ') || 'no other folder'}`;
  });
}

/** Layers of the packet path, leftmost first. */
const LAYERS = ['transport', 'routing', 'quality', 'metrics'];

/** A layer is tested alone: nothing that its tests import, however far away, lies to its left. */
const layersAreTestedAlone: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return LAYERS.flatMap((layer) => {
    const source = `media-node/${layer}`;
    const tests = files.filter((file) => inFolder(file.path, `test/unit/${layer}`));
    const testsIt = tests.some(
      (file) =>
        file.path.endsWith('.test.ts') &&
        file.imports.some(({ target }) => target !== undefined && inFolder(target, source)),
    );
    const allowed = [layer, ...(MEDIA_NODE_FOLDERS[layer] ?? [])].map((name) => `media-node/${name}`);
    const reached = new Set<string>();
    const violations = testsIt ? [] : [`${source} has no test of its own in test/unit/${layer}`];
    const follow = (file: SourceFile, trail: readonly string[]): void => {
      for (const { target } of file.imports) {
        if (target === undefined || reached.has(target)) continue;
        reached.add(target);
        const path = [...trail, target];
        if (inFolder(target, 'media-node') && !allowed.some((folder) => inFolder(target, folder)))
          violations.push(`${path.join(' -> ')}: tests of ${layer}/ reach nothing to its left`);
        const next = byPath.get(target);
        if (next !== undefined) follow(next, path);
      }
    };
    for (const file of tests) follow(file, [file.path]);
    return violations;
  });
};

/** The Deno engine is behind the seam: only the worker entries choose it. */
const denoEngineIsBehindTheSeam: Rule = eachImport((file, { target }) => {
  const allowed = ['media-node/transport/deno', 'media-node/workers', 'test'];
  if (target === undefined || !inFolder(target, 'media-node/transport/deno')) return undefined;
  return allowed.some((folder) => inFolder(file.path, folder))
    ? undefined
    : `imports ${target}: only media-node/workers/ chooses the engine`;
});

const onlyTheEngineNamesDeno: Rule = eachFile((file) => {
  const allowed = ['media-node/transport/deno', 'media-node/workers', 'test'];
  if (!file.names.has('Deno') || allowed.some((folder) => inFolder(file.path, folder))) return [];
  return ['names Deno: only media-node/transport/deno/ and media-node/workers/ may'];
});

const clientKeepsOutOfNode: Rule = eachImport((file, { target, packageName }) => {
  if (!inFolder(file.path, 'client')) return undefined;
  if (target !== undefined && inFolder(target, 'shared/node')) return `imports ${target}: it needs Node`;
  return packageName?.startsWith('node:')
    ? `imports ${packageName}: browsers have no Node modules`
    : undefined;
});

const sharedRunsAnywhere: Rule = eachImport((file, { packageName }) =>
  inFolder(file.path, 'shared') && !inFolder(file.path, 'shared/node') && packageName?.startsWith('node:')
    ? `imports ${packageName}: only shared/node/ may need Node`
    : undefined,
);

const DOM_GLOBAL =
  /^(document|window|navigator|localStorage|sessionStorage|customElements|requestAnimationFrame|Document|Window|Navigator|(HTML|SVG)\w*Element)$/;
const NODE_GLOBAL = /^(process|Buffer|NodeJS|__dirname|__filename)$/;

function globalsStayOut(folder: string, except: string | undefined, pattern: RegExp, reason: string): Rule {
  return eachFile((file) => {
    if (!inFolder(file.path, folder) || (except !== undefined && inFolder(file.path, except))) return [];
    return [...file.globals].filter((name) => pattern.test(name)).map((name) => `names ${name}: ${reason}`);
  });
}

/** Packages that belong to some parts, by the parts. Tests may use them all. */
const OWNED_PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(@aws-sdk\/|@smithy\/|dynalite$)/, ['functions', 'infra']],
  [/^(aws-cdk-lib|constructs|esbuild)$/, ['infra']],
  [/^preact$/, ['client']],
];

const packagesStayWithTheirPart: Rule = eachImport((file, { packageName = '' }) => {
  const from = part(file.path);
  const owned = OWNED_PACKAGES.find(([pattern]) => pattern.test(packageName));
  if (owned === undefined || from === 'test' || owned[1].includes(from)) return undefined;
  return `imports ${packageName}: only ${owned[1].map((owner) => `${owner}/`).join(' and ')} may`;
});

/** Every package that is imported is in package.json: what another package brought along may go with it. */
export function packagesAreDeclared(declared: ReadonlySet<string>): Rule {
  return eachImport((_file, { packageName }) =>
    packageName === undefined || packageName.startsWith('node:') || declared.has(packageName)
      ? undefined
      : `imports ${packageName}: package.json does not list it`,
  );
}

/** Files that are a process's entry, or make the environment of the processes they start. */
const READS_ENVIRONMENT = new Set([
  'functions/entry/local.ts',
  'functions/entry/public.ts',
  'functions/entry/sweep.ts',
  'infra/local/Component.ts',
  'infra/local/main.ts',
  'infra/setup/bootstrap.mjs',
  'infra/setup/browsers.mjs',
  'media-node/agent/main.ts',
  'test/contract/stores/databases.ts',
]);

const onlyMainsReadTheEnvironment: Rule = (files) =>
  files
    .filter((file) => !READS_ENVIRONMENT.has(file.path))
    .flatMap((file) =>
      file.environmentReads.map(
        (line) => `${file.path}:${line} reads the environment: a main does, and hands on what it read`,
      ),
    );

const filesAreShort: Rule = eachFile((file) =>
  file.lines > MAX_LINES ? [`has ${file.lines} lines: at most ${MAX_LINES}, split it by concept`] : [],
);

/** One violation for each set of files that import each other in a circle, types included. */
const importsHaveNoCycles: Rule = (files) => {
  const targets = new Map(
    files.map((file) => [
      file.path,
      file.imports.flatMap(({ target }) => (target === undefined ? [] : [target])),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push(`${[...trail.slice(start), path].join(' -> ')} is a cycle`);
    if (start >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) follow(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) follow(path, []);
  return cycles;
};

/** Every rule, by the sentence that it enforces. */
export const RULES: Readonly<Record<string, Rule>> = {
  'relative imports name files that exist': importsResolve,
  'client, functions, media-node and infra import shared, never each other': partsImportShared,
  'generated modules are imported through shared messages alone': generatedModulesHaveOneEntry,
  'what imports a generated module makes its 64-bit integers numbers first': messagesHaveNumbers,
  'MH-11 media-node imports rightwards: transport, routing, quality, metrics': foldersImport(
    'media-node',
    MEDIA_NODE_FOLDERS,
  ),
  'MH-11 each layer of the packet path has tests of its own, which reach nothing to its left':
    layersAreTestedAlone,
  'client/page stands on client/media, which stands on client/core': foldersImport('client', CLIENT_FOLDERS),
  'the Deno engine is behind the transport seam': denoEngineIsBehindTheSeam,
  'only media-node/transport/deno and media-node/workers name Deno': onlyTheEngineNamesDeno,
  'client imports nothing of Node': clientKeepsOutOfNode,
  'shared imports nothing of Node outside shared/node': sharedRunsAnywhere,
  'shared names no global of the DOM': globalsStayOut(
    'shared',
    undefined,
    DOM_GLOBAL,
    'shared/ runs anywhere',
  ),
  'shared names no global of Node outside shared/node': globalsStayOut(
    'shared',
    'shared/node',
    NODE_GLOBAL,
    'shared/ runs anywhere',
  ),
  'client/core names no global of the DOM': globalsStayOut(
    'client/core',
    undefined,
    DOM_GLOBAL,
    'client/core runs without a page',
  ),
  'client names no global of Node': globalsStayOut('client', undefined, NODE_GLOBAL, 'it is not in browsers'),
  'packages stay with their part: AWS with functions, CDK with infra': packagesStayWithTheirPart,
  'only mains read the environment': onlyMainsReadTheEnvironment,
  'no file is over 400 lines': filesAreShort,
  'imports have no cycles': importsHaveNoCycles,
};
