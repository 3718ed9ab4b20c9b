import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../../shared/base/log.ts';
import { Secret } from '../../../../shared/base/secret.ts';

const value = 'correct horse battery staple';
const secret = new Secret(value);

function consoleText(...args: readonly unknown[]): string {
  const out = new PassThrough();
  const target = new Console({ stdout: out, stderr: out });
  target.log(...args);
  target.dir(args[0]);
  target.table([{ secret: args[0] }]);
  target.error(...args);
  return String(out.read());
}

function logText(): string {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  logger.with({ secret }).info('x', { nested: { secret }, list: [secret], [`key ${secret}`]: 1 });
  return lines.join('\n');
}

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return inspect(error);
  }
  return '';
}

describe('Secret', () => {
  it.each<[string, () => string]>([
    ['a template string', () => `${secret}`],
    ['concatenation', () => `x${String(secret)}`.concat(secret as never, [secret].join())],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['util.inspect', () => inspect({ nested: { secret } }, { depth: 9, showHidden: true, getters: true })],
    [
      'util.inspect without custom inspection',
      () => inspect(secret, { customInspect: false, showHidden: true }),
    ],
    ['util.format', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
    ['console', () => consoleText(secret, { secret }, [secret], new Map([[secret, secret]]))],
    ['the logger', logText],
    ['Object.entries', () => inspect([Object.entries(secret), Object.getOwnPropertyDescriptors(secret)])],
    ['spread and assign', () => inspect([{ ...secret }, Object.assign({}, secret)])],
    ['Reflect.ownKeys', () => inspect(Reflect.ownKeys(secret))],
    ['structuredClone', () => inspect(structuredClone({ secret }), { showHidden: true })],
    ['v8.serialize', () => serialize(secret).toString('latin1')],
    ['an error with it in message and cause', () => inspect(new Error(`bad ${secret}`, { cause: secret }))],
    ['a TypeError that it provokes', () => thrownBy(() => (secret as never as { x: { y: 1 } }).x.y)],
    ['a Symbol and a number', () => `${Symbol(String(secret)).toString()} ${Number(secret as never)}`],
    [
      'a URL and its parameters',
      () => new URL(`http://h/?q=${new URLSearchParams({ q: `${secret}` })}`).href,
    ],
  ])('GC-10 does not print through %s', (_way, print) => {
    const text = print();
    expect(text).not.toBe('');
    for (const word of value.split(' ')) expect(text).not.toContain(word);
  });

  it('GC-10 shows that something is there', () => {
    expect([`${secret}`, JSON.stringify(secret), inspect(secret)]).toEqual([
      '[secret]',
      '"[secret]"',
      '[secret]',
    ]);
  });

  it('GC-10 gives its value to reveal() alone', () => {
    expect(secret.reveal()).toBe(value);
  });

  it('GC-10 compares in full', () => {
    expect(secret.equals(value)).toBe(true);
    for (const other of ['', value.slice(1), value.slice(0, -1), `${value} `, `${value}${value}`, 'x'])
      expect(secret.equals(other)).toBe(false);
    expect(new Secret('\u00e9').equals('e\u0301')).toBe(false);
  });

  it('GC-10 must not be empty, as an unset variable would be', () => {
    expect(() => new Secret('')).toThrow(new TypeError('A secret must not be empty'));
  });
});
