// All logging: levels, the standard and the JSON form, redaction. The only file that loads pino, and only for the JSON form: lines for people
// do not pay for it at start.
import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import type { LogConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import { redactText } from '../kernel/redact.js';
import { AgentError, describeError, type LogFields, type Logger } from '../sdk/index.js';
import { formatLine } from './line-format.js';

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

/** Writes one record of one logger. */
type Writer = (level: Level, fields: Record<string, unknown>, message: string) => void;

interface LogOptions {
  readonly level: Level;
  readonly format: LogConfig['format'];
  readonly targets: readonly LogTarget[];
  readonly now: () => number;
}

/** Makes the root. Each target gets each line; a target that fails loses the line, nothing else. */
export function createLogging(options: LogOptions): Logging {
  const state = { rank: LEVELS.indexOf(options.level) };
  const writerFor = options.format === 'json' ? jsonWriters(options) : standardWriters(options);
  return {
    named: (name) => new NamedLogger(writerFor(name), state),
    setLevel: (level) => void (state.rank = LEVELS.indexOf(level)),
    get level() {
      return LEVELS[state.rank]!;
    },
  };
}

function standardWriters({ targets, now }: LogOptions): (name: string) => Writer {
  return (name) => (level, fields, message) => {
    const head = { '@level': level, '@message': message, '@module': name, '@timestamp': new Date(now()).toISOString() };
    deliver(targets, (target) => formatLine({ ...fields, ...head }, target.colour === true));
  };
}

function jsonWriters({ targets, now }: LogOptions): (name: string) => Writer {
  const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
  const root = pino(
    {
      level: 'trace',
      messageKey: '@message',
      base: null,
      timestamp: () => `,"@timestamp":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ '@level': label }) },
    },
    { write: (line: string) => deliver(targets, () => line) },
  );
  return (name) => {
    const child = root.child({ '@module': name });
    return (level, fields, message) => child[level](fields, message);
  };
}

function deliver(targets: readonly LogTarget[], lineFor: (target: LogTarget) => string): void {
  for (const target of targets) {
    try {
      target.write(lineFor(target));
    } catch {
      // a full disk or a closed pipe must not stop the agent
    }
  }
}

class NamedLogger implements Logger {
  readonly #write: Writer;
  readonly #state: { readonly rank: number };

  constructor(write: Writer, state: { readonly rank: number }) {
    this.#write = write;
    this.#state = state;
  }

  /** True when lines of this level are written; ask before building fields on a hot path. */
  enabled(level: Level): boolean {
    return LEVELS.indexOf(level) >= this.#state.rank;
  }

  trace(fields: LogFields, message: string): void {
    if (this.#state.rank <= 0) this.#write('trace', printable(fields), redactText(message));
  }
  debug(fields: LogFields, message: string): void {
    if (this.#state.rank <= 1) this.#write('debug', printable(fields), redactText(message));
  }
  info(fields: LogFields, message: string): void {
    if (this.#state.rank <= 2) this.#write('info', printable(fields), redactText(message));
  }
  warn(fields: LogFields, message: string): void {
    if (this.#state.rank <= 3) this.#write('warn', printable(fields), redactText(message));
  }
  error(fields: LogFields, message: string): void {
    this.#write('error', printable(fields), redactText(message));
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
