// `node infra/build/bundleFunction.ts NAME DIRECTORY`: for the CDK app, which bundles synchronously.
import { bundleFunction, FUNCTION_ENTRIES, type FunctionName } from './functions.ts';

const [name = '', directory] = process.argv.slice(2);
if (!(name in FUNCTION_ENTRIES) || directory === undefined)
  throw new RangeError(`Name must be one of ${Object.keys(FUNCTION_ENTRIES).join(', ')}: got "${name}"`);
await bundleFunction(name as FunctionName, directory);
