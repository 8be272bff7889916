// All logging: levels, the standard and the JSON form, redaction. The only file that imports pino.
import { pino, type Logger as Pino } from 'pino';
import type { LogConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import { redactText } from '../kernel/redact.js';
import { AgentError, describeError, type LogFields, type Logger } from '../sdk/index.js';
import { formatLine, type LogRecord } from './line-format.js';

/** Levels in growing order of weight. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** One of the levels. */
export type Level = LogConfig['level'];

/** Where finished lines go; `colour` asks for terminal colours in the standard form. */
export interface LogTarget {
  write(line: string): void;
  readonly colour?: boolean;
}

/** The root of all loggers of a process. */
export interface Logging extends LogRoot {
  setLevel(level: Level): void;
  readonly level: Level;
}

/** Makes the root. Each target gets each line; a target that fails loses the line, nothing else. */
export function createLogging(options: {
  readonly level: Level;
  readonly format: LogConfig['format'];
  readonly targets: readonly LogTarget[];
  readonly now: () => number;
}): Logging {
  const state = { rank: LEVELS.indexOf(options.level) };
  const root = pino(
    {
      level: 'trace',
      messageKey: '@message',
      base: null,
      timestamp: () => `,"@timestamp":"${new Date(options.now()).toISOString()}"`,
      formatters: { level: (label) => ({ '@level': label }) },
    },
    { write: (line: string) => deliver(line, options.format, options.targets) },
  );
  return {
    named: (name) => new NamedLogger(root.child({ '@module': name }), state),
    setLevel: (level) => void (state.rank = LEVELS.indexOf(level)),
    get level() {
      return LEVELS[state.rank]!;
    },
  };
}

function deliver(line: string, format: LogConfig['format'], targets: readonly LogTarget[]): void {
  const record = format === 'json' ? undefined : (JSON.parse(line) as LogRecord);
  for (const target of targets) {
    try {
      target.write(record === undefined ? line : formatLine(record, target.colour === true));
    } catch {
      // a full disk or a closed pipe must not stop the agent
    }
  }
}

class NamedLogger implements Logger {
  readonly #pino: Pino;
  readonly #state: { readonly rank: number };

  constructor(target: Pino, state: { readonly rank: number }) {
    this.#pino = target;
    this.#state = state;
  }

  /** True when lines of this level are written; ask before building fields on a hot path. */
  enabled(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#state.rank;
  }

  trace(fields: LogFields, message: string): void {
    if (this.#state.rank <= 0) this.#pino.trace(printable(fields), redactText(message));
  }
  debug(fields: LogFields, message: string): void {
    if (this.#state.rank <= 1) this.#pino.debug(printable(fields), redactText(message));
  }
  info(fields: LogFields, message: string): void {
    if (this.#state.rank <= 2) this.#pino.info(printable(fields), redactText(message));
  }
  warn(fields: LogFields, message: string): void {
    if (this.#state.rank <= 3) this.#pino.warn(printable(fields), redactText(message));
  }
  error(fields: LogFields, message: string): void {
    this.#pino.error(printable(fields), redactText(message));
  }
}

function printable(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Error || value instanceof AgentError) {
      out[key] = redactText(describeError(value));
      // the stack of a defect is wanted, the stack of an expected failure is noise
      if (!(value instanceof AgentError) && value.stack !== undefined) out.stack = redactText(value.stack);
    } else if (typeof value === 'string') out[key] = redactText(value);
    else out[key] = value;
  }
  return out;
}
