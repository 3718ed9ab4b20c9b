import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from '../build/functions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A function's code, bundled by infra/build while the app is synthesised. In a process of its own: the CDK asks for it
 * synchronously, and esbuild's plugins are asynchronous. No container is used; the image is the one that CDK insists on.
 */
export function functionCode(name: FunctionName): Code {
  return Code.fromAsset(`${root}functions`, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      // CDK bundles a directory once for the same options, and does not look at what `tryBundle` would do.
      command: [name],
      local: {
        tryBundle(directory) {
          execFileSync(process.execPath, [`${root}infra/build/bundleFunction.ts`, name, directory], {
            stdio: ['ignore', 2, 2],
          });
          return true;
        },
      },
    },
  });
}
