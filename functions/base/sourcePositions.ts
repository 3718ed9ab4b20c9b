// Stack traces of a minified bundle, told by the lines of our sources. Node does the same with --enable-source-maps, but
// reads all maps at start, which makes a cold start longer by a sixth; here one is read when a trace first names its file.
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A position in a bundled file, as V8 writes it: URL, line and column from 1. */
const POSITION = /(file:\/\/[^\s"'():]+\.mjs):(\d+):(\d+)/g;

/** Replaces positions in a text where the file has a map beside it (`name.mjs.map`), and leaves the others. */
export function createSourcePositions(): (text: string) => string {
  // One for each file of the bundle.
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (url: string): SourceMap | undefined => {
    if (!maps.has(url)) maps.set(url, readMap(url));
    return maps.get(url);
  };
  return (text) =>
    text.includes('.mjs:')
      ? text.replace(POSITION, (position, url: string, line: string, column: string) => {
          const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1);
          return entry !== undefined && 'originalSource' in entry
            ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
            : position;
        })
      : text;
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    // No map, or not one: the trace is told as it is.
    return undefined;
  }
}
