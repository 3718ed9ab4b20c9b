// Generates the protobuf modules (static code, no eval: pages run under a strict CSP) from the .proto files.
// The output is not committed; a stamp of the inputs decides whether there is anything to do. Files are put in place whole:
// another command may be reading them, or generating the same.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const schemas = [
  { proto: 'shared/signaling/signaling.proto', name: 'signaling', options: [] },
  { proto: 'shared/media-session/media-session.proto', name: 'media-session', options: [] },
  // REST bodies are snake_case in JSON; protobuf and JSON share one shape, so field names are kept.
  { proto: 'shared/control-plane/control-plane.proto', name: 'control-plane', options: ['--keep-case'] },
];
const common =
  '-t static-module -w esm --dts --force-number --no-verify --no-delimited --no-typeurl --no-service'.split(
    ' ',
  );
const pbjs = join(root, 'node_modules', 'protobufjs-cli', 'bin', 'pbjs');
const generatorVersion = JSON.parse(
  readFileSync(join(root, 'node_modules', 'protobufjs-cli', 'package.json'), 'utf8'),
).version;

for (const { proto, name, options } of schemas) {
  const source = join(root, proto);
  const out = join(dirname(source), 'generated');
  const script = join(out, `${name}.js`);
  const stampFile = join(out, `${name}.sha256`);
  const stamp = createHash('sha256')
    .update(readFileSync(source))
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(generatorVersion)
    .digest('hex');
  if (existsSync(script) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) continue;
  mkdirSync(out, { recursive: true });
  const unfinished = mkdtempSync(join(out, 'new-'));
  try {
    const target = join(unfinished, `${name}.js`);
    execFileSync(
      process.execPath,
      [pbjs, ...common, ...options, '-r', `darktower-${name}`, '-o', target, source],
      { stdio: ['ignore', 2, 2] },
    );
    for (const file of readdirSync(unfinished)) renameSync(join(unfinished, file), join(out, file));
    writeFileSync(stampFile, stamp);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
