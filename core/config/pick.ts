// Precedence of one text setting: flag, then a variable that exists, then the file, then the default (spec config 1.11). Pure.
import type { CheckScope } from './draft.js';
import { variable } from './environment.js';
import type { Flags } from './flags.js';

/** Where a text setting may come from. */
export interface TextSources {
  readonly flag?: keyof Flags;
  /** Name of the variable without its prefix. */
  readonly env?: string;
  /** From the file; empty when unset. */
  readonly written: string;
  /** Used when the others are absent, and when a variable is empty. */
  readonly fallback: string;
}

/** The value that counts, and where it is from: `file`, the flag as typed, or the name of the variable. */
export function pick(
  { flags, env }: Pick<CheckScope, 'flags' | 'env'>,
  sources: TextSources,
): { value: string; from: string } {
  const flag = sources.flag === undefined ? undefined : flags[sources.flag];
  if (flag !== undefined && sources.flag !== undefined) return { value: String(flag), from: flagName(sources.flag) };
  const found = sources.env === undefined ? undefined : variable(env, sources.env);
  if (found !== undefined) return { value: found.value === '' ? sources.fallback : found.value, from: found.name };
  return { value: sources.written === '' ? sources.fallback : sources.written, from: 'file' };
}

/** `caCert` -> `-ca-cert`. */
export function flagName(flag: keyof Flags): string {
  return `-${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
