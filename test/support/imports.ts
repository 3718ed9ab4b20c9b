// What source files import and name, read from their syntax trees: type imports, re-exports, `import()` and `require()`
// count alike. Comments, strings and JSX text do not.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';

export interface SourceImport {
  readonly line: number;
  /** As written; undefined when it is computed. */
  readonly specifier: string | undefined;
  /** Repository path of a relative import; undefined when no such file exists, and for packages. */
  readonly target: string | undefined;
  /** Package name (`@scope/name`), or `node:...` of a built-in; undefined for relative imports. */
  readonly packageName: string | undefined;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly SourceImport[];
  /** Every identifier, declared here or not, properties included. */
  readonly names: ReadonlySet<string>;
  /** Identifiers that are used and declared nowhere in the file: globals. */
  readonly globals: ReadonlySet<string>;
  /** Lines that reach the environment: process.env, the env of node:process, Deno.env. */
  readonly environmentReads: readonly number[];
}

const SKIPPED_DIRECTORIES = new Set(['node_modules', 'dist', 'generated', 'cdk.out', '.git', '.dark-tower']);
const SOURCE = /\.(ts|tsx|mts|mjs)$/;

/** Every source file under the root, generated ones left out. */
export function readSources(root: string): SourceFile[] {
  return listFiles(root, '')
    .filter((path) => SOURCE.test(path))
    .map((path) =>
      parseSource(path, readFileSync(join(root, path), 'utf8'), (other) => existsSync(join(root, other))),
    );
}

function listFiles(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(directory, entry.name);
    if (entry.isDirectory()) return SKIPPED_DIRECTORIES.has(entry.name) ? [] : listFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}

/** @throws SyntaxError naming the file when it cannot be parsed. */
export function parseSource(path: string, text: string, exists: (path: string) => boolean): SourceFile {
  const reading = new Reading(path, text, exists);
  reading.visit(parse(path, text), undefined, '');
  return reading.result();
}

type SyntaxNode = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

function parse(path: string, text: string): SyntaxNode {
  const lang = path.endsWith('.tsx')
    ? 'tsx'
    : path.endsWith('.mjs')
      ? 'js'
      : path.endsWith('.d.mts')
        ? 'dts'
        : 'ts';
  try {
    return parseAst(text, { lang, sourceType: 'module' }, path) as unknown as SyntaxNode;
  } catch (cause) {
    throw new SyntaxError(`Cannot parse ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

/** Nodes whose identifier in these fields is a name of its own and refers to nothing in scope. */
const OWN_NAMES: Readonly<Record<string, readonly string[]>> = {
  MemberExpression: ['property'],
  Property: ['key'],
  PropertyDefinition: ['key'],
  AccessorProperty: ['key'],
  MethodDefinition: ['key'],
  TSAbstractMethodDefinition: ['key'],
  TSAbstractPropertyDefinition: ['key'],
  TSPropertySignature: ['key'],
  TSMethodSignature: ['key'],
  TSQualifiedName: ['right'],
  TSImportType: ['qualifier'],
  ImportSpecifier: ['imported'],
  ExportSpecifier: ['local', 'exported'],
  ExportAllDeclaration: ['exported'],
  MetaProperty: ['meta', 'property'],
  LabeledStatement: ['label'],
  BreakStatement: ['label'],
  ContinueStatement: ['label'],
  TSEnumMember: ['id'],
  TSNamedTupleMember: ['label'],
};

/** Nodes that declare what stands in this field. */
const DECLARING: Readonly<Record<string, readonly string[]>> = {
  VariableDeclarator: ['id'],
  FunctionDeclaration: ['id'],
  FunctionExpression: ['id'],
  TSDeclareFunction: ['id'],
  ClassDeclaration: ['id'],
  ClassExpression: ['id'],
  TSTypeAliasDeclaration: ['id'],
  TSInterfaceDeclaration: ['id'],
  TSEnumDeclaration: ['id'],
  TSModuleDeclaration: ['id'],
  TSTypeParameter: ['name'],
  TSMappedType: ['key'],
  CatchClause: ['param'],
  ImportSpecifier: ['local'],
  ImportDefaultSpecifier: ['local'],
  ImportNamespaceSpecifier: ['local'],
};

class Reading {
  readonly #path: string;
  readonly #text: string;
  readonly #exists: (path: string) => boolean;
  readonly #imports: SourceImport[] = [];
  readonly #names = new Set<string>();
  readonly #used = new Set<string>();
  readonly #declared = new Set<string>();
  readonly #environmentReads: number[] = [];

  constructor(path: string, text: string, exists: (path: string) => boolean) {
    this.#path = path;
    this.#text = text;
    this.#exists = exists;
  }

  result(): SourceFile {
    return {
      path: this.#path,
      lines: this.#text.split('\n').length - (this.#text.endsWith('\n') ? 1 : 0),
      imports: this.#imports,
      names: this.#names,
      globals: new Set([...this.#used].filter((name) => !this.#declared.has(name))),
      environmentReads: this.#environmentReads,
    };
  }

  visit(node: SyntaxNode, parent: SyntaxNode | undefined, field: string): void {
    if (node.type === 'Identifier') this.#takeIdentifier(node, parent, field);
    this.#takeImport(node);
    if (readsEnvironment(node)) this.#environmentReads.push(this.#lineOf(node));
    for (const declaring of DECLARING[node.type] ?? []) this.#declare(node[declaring]);
    if (Array.isArray(node['params'])) for (const parameter of node['params']) this.#declare(parameter);
    for (const [key, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value])
        if (isNode(child)) this.visit(child, node, key);
    }
  }

  #takeIdentifier(node: SyntaxNode, parent: SyntaxNode | undefined, field: string): void {
    const name = String(node['name']);
    this.#names.add(name);
    const ownName = OWN_NAMES[parent?.type ?? '']?.includes(field) === true && parent?.['computed'] !== true;
    if (!ownName) this.#used.add(name);
  }

  /** Declares every name in a binding pattern. */
  #declare(pattern: unknown): void {
    if (Array.isArray(pattern)) for (const element of pattern) this.#declare(element);
    if (!isNode(pattern)) return;
    if (pattern.type === 'Identifier') this.#declared.add(String(pattern['name']));
    else if (pattern.type === 'Property') this.#declare(pattern['value']);
    else if (pattern.type === 'AssignmentPattern') this.#declare(pattern['left']);
    else if (pattern.type === 'RestElement') this.#declare(pattern['argument']);
    else if (pattern.type === 'ObjectPattern') this.#declare(pattern['properties']);
    else if (pattern.type === 'ArrayPattern') this.#declare(pattern['elements']);
  }

  #takeImport(node: SyntaxNode): void {
    const source = importSource(node);
    if (source === undefined) return;
    const specifier = typeof source?.['value'] === 'string' ? source['value'] : undefined;
    const relative = specifier?.startsWith('.') === true || specifier?.startsWith('/') === true;
    this.#imports.push({
      line: this.#lineOf(node),
      specifier,
      target: relative ? this.#resolve(specifier) : undefined,
      packageName: relative || specifier === undefined ? undefined : packageOf(specifier),
    });
  }

  #resolve(specifier: string): string | undefined {
    const target = posix.normalize(posix.join(posix.dirname(this.#path), specifier));
    return !specifier.startsWith('/') && !target.startsWith('..') && this.#exists(target)
      ? target
      : undefined;
  }

  #lineOf(node: SyntaxNode): number {
    return this.#text.slice(0, node.start).split('\n').length;
  }
}

/** The node that names what is imported, null when it is not written as text, undefined when nothing is imported. */
function importSource(node: SyntaxNode): SyntaxNode | null | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return isNode(node['source']) ? literal(node['source']) : undefined;
    case 'TSExternalModuleReference':
      return isNode(node['expression']) ? literal(node['expression']) : null;
    case 'CallExpression': {
      const callee = node['callee'];
      if (!isNode(callee) || callee.type !== 'Identifier' || callee['name'] !== 'require') return undefined;
      const [argument] = node['arguments'] as unknown[];
      return isNode(argument) ? literal(argument) : null;
    }
    default:
      return undefined;
  }
}

function literal(node: SyntaxNode): SyntaxNode | null {
  return node.type === 'Literal' ? node : null;
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function readsEnvironment(node: SyntaxNode): boolean {
  const isEnv = (value: unknown): boolean =>
    isNode(value) && (value['name'] === 'env' || value['value'] === 'env');
  const isHost = (value: unknown): boolean =>
    isNode(value) && (value['name'] === 'process' || value['name'] === 'Deno');
  switch (node.type) {
    case 'MemberExpression':
      return isHost(node['object']) && isEnv(node['property']);
    case 'VariableDeclarator': {
      const id = node['id'];
      if (!isHost(node['init']) || !isNode(id) || !Array.isArray(id['properties'])) return false;
      return id['properties'].some((property) => isNode(property) && isEnv(property['key']));
    }
    case 'ImportDeclaration': {
      const source = isNode(node['source']) ? node['source']['value'] : undefined;
      const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'] : [];
      return (
        (source === 'node:process' || source === 'process') &&
        specifiers.some((specifier) => isNode(specifier) && isEnv(specifier['imported']))
      );
    }
    default:
      return false;
  }
}
