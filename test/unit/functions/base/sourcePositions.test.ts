import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, expect, it } from 'vitest';
import { createSourcePositions } from '../../../../functions/base/sourcePositions.ts';

const directory = mkdtempSync(join(tmpdir(), 'dark-tower-positions-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SOURCE = "\n\nexport function fail(): never {\n  throw new Error('Broken on purpose');\n}\n";

function stackOf(name: string, withMap: boolean): string {
  const file = join(directory, name);
  const { code, map } = transformSync(SOURCE, {
    loader: 'ts',
    minify: true,
    sourcemap: true,
    sourcefile: 'functions/meeting/fail.ts',
  });
  writeFileSync(file, code);
  if (withMap) writeFileSync(`${file}.map`, map);
  // In a process of its own: the test runner writes positions in its own way.
  const program = `import(process.argv[1]).then(({ fail }) => fail()).catch((error) => console.log(error.stack))`;
  return execFileSync(process.execPath, ['-e', program, pathToFileURL(file).href], { encoding: 'utf8' });
}

it('GC-19 tells a stack trace of a minified function by the lines of its source', () => {
  const stack = stackOf('mapped.mjs', true);
  expect(stack).toMatch(/mapped\.mjs:1:\d+/);
  const line = createSourcePositions()(JSON.stringify({ message: 'Request failed', stack }));
  expect(JSON.parse(line).stack).toContain('functions/meeting/fail.ts:4:9');
  expect(line).not.toContain('mapped.mjs');
});

it('leaves a trace as it is where there is no map, and a line without a trace', () => {
  const stack = stackOf('plain.mjs', false);
  const toSource = createSourcePositions();
  expect(toSource(stack)).toBe(stack);
  expect(toSource('{"message":"GET /index.mjs: fine"}')).toBe('{"message":"GET /index.mjs: fine"}');
});
