// esbuild targets: the Lambda functions, each one file. The CDK app deploys and the cold-start benchmark measures what this
// makes.
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Entry files by the function's name. */
export const FUNCTION_ENTRIES = {
  public: 'functions/entry/public.ts',
  sweep: 'functions/entry/sweep.ts',
} as const;
export type FunctionName = keyof typeof FUNCTION_ENTRIES;

/** File that Lambda loads, in the directory of the bundle. */
export const FUNCTION_FILE = 'index.mjs';

/** CommonJS packages inside the bundle, which is an ES module, call `require` for Node's own modules. */
const REQUIRE_BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Modules that a function does not need, and what stands in their place:
 * - zod's messages in 50 languages, 250 kB; ours are English, which it imports by itself.
 * - zod's compiler (`new Function`, which we do not use) and its reader of JSON Schema, 40 kB.
 * - The SDK's chain of credential providers (profiles, single sign-on, metadata services), 100 kB: Lambda puts the role's
 *   credentials into the environment, for as long as the process lives.
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

/**
 * Bundles a function with everything it needs, the AWS SDK included: shaken to what is used, it starts faster than the
 * runtime's own copy. ES modules come first in packages (`mainFields`), since only they can be shaken.
 */
export async function bundleFunction(name: FunctionName, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: FUNCTION_ENTRIES[name] },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_BANNER },
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [replaceModules],
    logLevel: 'warning',
  });
  return metafile;
}
