import { describe, expect, it } from 'vitest';
import { createLogger, isLogLevel, type LogLevel, silentLogger } from '../../../../shared/base/log.ts';

function collect(level: LogLevel) {
  const lines: string[] = [];
  const now = (): Date => new Date(0);
  const logger = createLogger({ level, write: (line) => lines.push(line), now });
  return { logger, read: (): unknown[] => lines.map((line) => JSON.parse(line)) };
}
const time = '1970-01-01T00:00:00.000Z';

describe('logger', () => {
  it('GC-19 writes one JSON object a line, with the fields of with() and of the call', () => {
    const { logger, read } = collect('debug');
    logger.with({ meeting_id: 'm' }).with({ handler_id: 'h' }).info('Meeting started', { participants: 2 });
    expect(read()).toEqual([
      { time, level: 'info', message: 'Meeting started', meeting_id: 'm', handler_id: 'h', participants: 2 },
    ]);
  });

  it('GC-19 leaves out what is below its level', () => {
    const { logger, read } = collect('warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](level);
    expect(read()).toEqual([
      { time, level: 'warn', message: 'warn' },
      { time, level: 'error', message: 'error' },
    ]);
    silentLogger.error('nobody hears');
  });

  it('GC-19 writes a line for fields that JSON cannot carry, instead of throwing', () => {
    const { logger, read } = collect('debug');
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    logger.error('a', { circular });
    logger.error('b', { big: 10n, error: new RangeError('too much'), absent: undefined });
    logger.error('c', {
      get thrower() {
        throw new Error('no');
      },
    });
    expect(read()).toEqual([
      { time, level: 'error', message: 'a', unloggable: expect.stringContaining('circular') },
      { time, level: 'error', message: 'b', big: '10', error: 'RangeError: too much' },
      { time, level: 'error', message: 'c', unloggable: 'Error: no' },
    ]);
  });

  it('GC-19 does not let a field pass for the logger: time, level and message are its own', () => {
    const { logger, read } = collect('debug');
    logger.info('mine', { time: 'x', level: 'error', message: 'other', reason: 'kept' });
    expect(read()).toEqual([{ time, level: 'info', message: 'mine', reason: 'kept' }]);
  });

  it('knows its levels by name and nothing else', () => {
    expect(['debug', 'info', 'warn', 'error'].every(isLogLevel)).toBe(true);
    expect(['', 'INFO', 'toString', '__proto__', 'constructor'].some(isLogLevel)).toBe(false);
  });
});
