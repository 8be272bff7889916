// Log of a plugin under test: keeps every line, at every level, as it would be printed, so that planted secrets can be searched.
import { inspect } from 'node:util';
import type { LogFields, Logger } from '../host.js';

/** One line. */
export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** Stand-in of the `Log` slot. */
export class LogSpy implements Logger {
  readonly lines: LogLine[] = [];

  trace(fields: LogFields, message: string): void {
    this.#keep('trace', fields, message);
  }

  debug(fields: LogFields, message: string): void {
    this.#keep('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#keep('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#keep('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#keep('error', fields, message);
  }

  /** Everything that was logged, as text, with nested values and error causes. */
  text(): string {
    return this.lines.map(({ level, fields, message }) => `${level} ${message} ${show(fields)}`).join('\n');
  }

  /** Those of `secrets` that show anywhere. Texts of fewer than four characters are not looked for. */
  leaks(secrets: Iterable<string>): string[] {
    return leaksIn(this.text(), secrets);
  }

  #keep(level: LogLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, fields, message });
  }
}

/** A value as a log or an inspector would show it, to any depth. */
export function show(value: unknown): string {
  return inspect(value, { depth: 12, maxStringLength: null, maxArrayLength: null, breakLength: Infinity });
}

/** Those of `secrets` that show in `text`, also as base64 or URL-encoded. Texts of fewer than four characters are not looked for. */
export function leaksIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => secret.length >= 4 && spellings(secret).some((form) => text.includes(form)));
}

function spellings(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [secret, escaped, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
}
