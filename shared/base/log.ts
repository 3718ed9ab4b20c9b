// One log line is one JSON object (ledger GC-19). Levels: error = gave up, warn = retrying or degraded,
// info = exactly one a lifecycle transition, debug = the rest. Never a line per packet.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines also carry these fields (meeting_id, participant_id, controller_id, handler_id ...). */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now?: () => Date;
  readonly fields?: LogFields;
}

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export function isLogLevel(value: string): value is LogLevel {
  return Object.hasOwn(ORDER, value);
}

export function createLogger(options: LoggerOptions): Logger {
  const now = options.now ?? (() => new Date());
  const log = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (ORDER[level] < ORDER[options.level]) return;
    const own = { time: now().toISOString(), level, message };
    options.write(toLine(own, options.fields, fields));
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

export const silentLogger: Logger = createLogger({ level: 'error', write: () => undefined });

/** What the logger itself says comes first and wins over a field of the same name. Never throws: a log line must not. */
function toLine(
  own: { time: string; level: LogLevel; message: string },
  ...fields: (LogFields | undefined)[]
) {
  try {
    return JSON.stringify({ ...own, ...fields[0], ...fields[1], ...own }, toLoggable);
  } catch (error) {
    return JSON.stringify({ ...own, unloggable: String(error) });
  }
}

function toLoggable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'bigint' ? value.toString() : value;
}
