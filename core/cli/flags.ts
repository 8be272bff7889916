// Command-line options in Go's grammar: one or two dashes, `-x=v` or `-x v`, booleans need `=`, parsing stops at `--` or the first operand
// (spec config 2.1). Pure.
import { nearestName } from '../config/problems.js';
import { agentError } from '../sdk/index.js';

/** One option of a command. */
export interface Flag {
  readonly name: string;
  readonly kind: 'text' | 'list' | 'boolean' | 'number';
  readonly help: string;
  readonly placeholder?: string;
  /** Accepted without being listed in the help. */
  readonly hidden?: boolean;
}

/** Parsed options by name; absent ones are missing. */
export interface ParsedFlags {
  readonly values: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly operands: readonly string[];
}

/** Parses `argv` (without program and command). Throws CONFIG_USAGE for unknown options and bad values. */
export function parseFlags(argv: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const values: Record<string, string | number | boolean | string[]> = {};
  let index = 0;
  while (index < argv.length) {
    const word = argv[index]!;
    if (word === '--') {
      index++;
      break;
    }
    if (!/^--?[^-=]/.test(word)) break;
    const { name, value } = split(word);
    const flag = known.get(name) ?? unknown(name, flags);
    index++;
    if (flag.kind === 'boolean') {
      values[name] = toBoolean(name, value ?? 'true');
      continue;
    }
    if (value === undefined && index >= argv.length) throw usage(`-${name} needs a value`);
    const text = value ?? argv[index++]!;
    if (flag.kind === 'list') values[name] = [...((values[name] as string[] | undefined) ?? []), text];
    else values[name] = flag.kind === 'number' ? toNumber(name, text) : text;
  }
  return { values, operands: argv.slice(index) };
}

function split(word: string): { name: string; value: string | undefined } {
  const bare = word.replace(/^--?/, '');
  const at = bare.indexOf('=');
  return at < 0 ? { name: bare, value: undefined } : { name: bare.slice(0, at), value: bare.slice(at + 1) };
}

function toBoolean(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw usage(`-${name} is either true or false, not "${text}"`);
}

function toNumber(name: string, text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw usage(`-${name} is a whole number, not "${text}"`);
}

function unknown(name: string, flags: readonly Flag[]): never {
  const near = nearestName(
    name,
    flags.filter((flag) => !flag.hidden).map((flag) => flag.name),
  );
  throw usage(`unknown option -${name}${near === undefined ? '' : `; did you mean -${near}?`}`);
}

const usage = (detail: string): Error => agentError('CONFIG_USAGE', { detail });
