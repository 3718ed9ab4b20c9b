// esbuild targets: the Lambda functions, each a file that Lambda loads and others beside it that are loaded when they are
// first needed. The CDK app deploys and the cold-start benchmark measures what this makes.
import { execFile } from 'node:child_process';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type Metafile, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Entry files by the function's name. */
export const FUNCTION_ENTRIES = {
  public: 'functions/entry/public.ts',
  sweep: 'functions/entry/sweep.ts',
} as const;
export type FunctionName = keyof typeof FUNCTION_ENTRIES;

/** Prints the OpenAPI document. */
const DOCUMENT_ENTRY = 'functions/entry/openApiDocument.ts';
/** It has about 100 kB. */
const MAX_DOCUMENT_BYTES = 1_048_576;

/** File that Lambda loads, in the directory of the bundle. */
export const FUNCTION_FILE = 'index.mjs';

/**
 * What `@hono/zod-openapi` needs of the generator of OpenAPI documents to add routes to an app: the document itself is made
 * when the function is built. Without the generator's extension of zod each schema is made faster, too.
 */
const WITHOUT_GENERATOR = `
  const absent = () => { throw new Error('The generator of OpenAPI documents is not in this bundle'); };
  export class OpenAPIRegistry { definitions = []; registerPath() {} registerComponent() {} }
  export const extendZodWithOpenApi = () => {};
  export { absent as getOpenApiMetadata, absent as OpenApiGeneratorV3, absent as OpenApiGeneratorV31 };`;

/** What zod's classes ask for of its writer of JSON Schema when they are made. */
const WITHOUT_JSON_SCHEMA = `
  const absent = () => { throw new Error('The writer of JSON Schema is not in this bundle'); };
  const absentMethod = () => absent;
  export { absentMethod as createToJSONSchemaMethod, absentMethod as createStandardJSONSchemaMethod };
  export { absent as initializeContext, absent as handleUnrepresentable, absent as processSchema, absent as process };
  export { absent as extractDefs, absent as finalize, absent as toJSONSchema };
  export const allProcessors = {};`;

/**
 * Modules that a function does not need, and what stands in their place:
 * - zod's messages in 50 languages, 250 kB; ours are English, which it imports by itself.
 * - zod's compiler (`new Function`, which we do not use) and its reader and writer of JSON Schema, 60 kB.
 * - The SDK's chain of credential providers (profiles, single sign-on, metadata services), 100 kB: Lambda puts the role's
 *   credentials into the environment, for as long as the process lives.
 * - The generator of OpenAPI documents, 30 kB.
 * - The SDK's reader of browsers' names, 35 kB.
 * - `long`, which protobufjs uses for 64-bit integers: ours are plain numbers (shared/base/plainNumbers).
 */
const REPLACEMENTS: readonly {
  readonly name: string;
  readonly filter: RegExp;
  readonly from: RegExp;
  readonly contents: string;
}[] = [
  {
    name: 'zod-locales',
    filter: /\/locales\/index\.js$/,
    from: /[\\/]node_modules[\\/]zod[\\/]/,
    contents: 'export {};',
  },
  {
    name: 'zod-compile',
    filter: /^\.\/compile\.js$/,
    from: /[\\/]node_modules[\\/]zod[\\/]/,
    contents: `export const INVALID = Symbol.for('zod.compile.invalid');
      export class ZodCompileAsyncError extends Error {}
      export class ZodCompileUnsupportedError extends Error {}
      const absent = () => { throw new Error('zod/compile is not in this bundle'); };
      export { absent as compile, absent as withParser, absent as compileFn };`,
  },
  {
    name: 'zod-from-json-schema',
    filter: /^\.\/from-json-schema\.js$/,
    from: /[\\/]node_modules[\\/]zod[\\/]/,
    contents: `export function fromJSONSchema() { throw new Error('zod.fromJSONSchema is not in this bundle'); }`,
  },
  {
    name: 'zod-to-json-schema',
    filter: /\/(to-json-schema|json-schema-processors)\.js$/,
    from: /[\\/]node_modules[\\/]zod[\\/]/,
    contents: WITHOUT_JSON_SCHEMA,
  },
  {
    name: 'lambda-credentials',
    filter: /^@aws-sdk\/credential-provider-node$/,
    from: /[\\/]node_modules[\\/]@aws-sdk[\\/]/,
    contents: `export const defaultProvider = () => async () => {
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
      if (!accessKeyId || !secretAccessKey) throw new Error('AWS credentials must be in the environment');
      return { accessKeyId, secretAccessKey, sessionToken };
    };`,
  },
  {
    name: 'no-browser',
    filter: /^bowser$/,
    from: /[\\/]node_modules[\\/]@aws-sdk[\\/]/,
    contents: 'export default undefined;',
  },
  {
    name: 'without-generator',
    filter: /^@asteasolutions\/zod-to-openapi$/,
    from: /[\\/]node_modules[\\/]@hono[\\/]/,
    contents: WITHOUT_GENERATOR,
  },
  {
    name: 'without-long',
    filter: /^long$/,
    from: /[\\/]node_modules[\\/]protobufjs[\\/]/,
    contents: 'module.exports = undefined;',
  },
];

const replaceModules: Plugin = {
  name: 'replace-modules',
  setup({ onResolve, onLoad }) {
    for (const { name, filter, from, contents } of REPLACEMENTS) {
      onResolve({ filter }, ({ importer, path }) =>
        from.test(importer) ? { path, namespace: name } : undefined,
      );
      onLoad({ filter: /.*/, namespace: name }, () => ({ contents }));
    }
  },
};

/** The OpenAPI document itself, compressed to a tenth, in place of the module that makes it from the routes. */
const builtDocument: Plugin = {
  name: 'built-document',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]functions[\\/]http[\\/]openApiDocument\.ts$/ }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [`${root}${DOCUMENT_ENTRY}`], {
        maxBuffer: MAX_DOCUMENT_BYTES,
      });
      return {
        contents: `import { gunzipSync } from 'node:zlib';
          const compressed = '${gzipSync(stdout.trim()).toString('base64')}';
          export const createOpenApiDocument = () => JSON.parse(gunzipSync(Buffer.from(compressed, 'base64')).toString());`,
        resolveDir: root,
      };
    });
  },
};

/**
 * Node's own modules as plain objects. An `import` of one, static or not, makes a facade with the value of each of its
 * exports: it runs all their getters, and so loads what they are about (with `node:http` all of `fetch`).
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Bundles a function with everything it needs, the AWS SDK included: shaken to what is used, it starts faster than the
 * runtime's own copy. ES modules come first in packages (`mainFields`), since only they can be shaken.
 */
export async function bundleFunction(name: FunctionName, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: FUNCTION_ENTRIES[name] },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [replaceModules, builtDocument, plainBuiltins],
    logLevel: 'warning',
    // What a replaced module does not have is asked for where it is not called.
    logOverride: { 'import-is-undefined': 'silent' },
  });
  return metafile;
}
