// Log settings after flags and environment (spec config 1.4, 1.11, 2.7).
import type { LogConfig } from '../contracts/agent-config.js';
import { toDuration } from './coerce-scalar.js';
import type { CheckScope, Draft } from './draft.js';
import { placeNamed } from './environment.js';
import { placeOf } from './located.js';
import { nearestName } from './nearest-name.js';
import { pick } from './pick.js';

const DAY_MS = 86_400_000;

const LEVELS: Readonly<Record<string, LogConfig['level']>> = {
  '': 'info',
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  err: 'error',
  error: 'error',
};

/** The log of the run. Unknown levels and formats are reported where they come from. */
export function resolveLog(draft: Draft, scope: CheckScope): LogConfig {
  const { settings } = draft.root;
  const { flags } = scope;
  return {
    level: chosen(draft, scope, { key: 'log_level', flag: 'logLevel', env: 'LOG_LEVEL', names: LEVELS }) ?? 'info',
    format:
      chosen(draft, scope, { key: 'log_format', flag: 'logFormat', env: 'LOG_FORMAT', names: FORMATS }) ?? 'standard',
    file: flags.logFile ?? settings.log_file ?? '',
    rotateBytes: flags.logRotateBytes ?? settings.log_rotate_bytes ?? 0,
    rotateDurationMs: flaggedDuration(scope) ?? (settings.log_rotate_duration || DAY_MS),
    rotateMaxFiles: flags.logRotateMaxFiles ?? settings.log_rotate_max_files ?? 0,
  };
}

const FORMATS: Readonly<Record<string, LogConfig['format']>> = { '': 'standard', standard: 'standard', json: 'json' };

interface Choice<T> {
  readonly key: 'log_level' | 'log_format';
  readonly flag: 'logLevel' | 'logFormat';
  readonly env: string;
  readonly names: Readonly<Record<string, T>>;
}

function chosen<T>(draft: Draft, scope: CheckScope, { key, flag, env, names }: Choice<T>): T | undefined {
  const { value, from } = pick(scope, { flag, env, written: draft.root.settings[key] ?? '', fallback: '' });
  const word = value.trim().toLowerCase();
  if (Object.hasOwn(names, word)) return names[word];
  const known = Object.keys(names).filter((name) => name !== '');
  const near = nearestName(word, known);
  const at = from === 'file' ? placeOf(draft.root.map, key) : placeNamed(from);
  const why = `"${value}" is not known`;
  const hint = near === undefined ? `use one of ${known.join(', ')}` : `did you mean "${near}"?`;
  scope.report.error('CONFIG_VALUE', { key: from === 'file' ? key : from, why }, { at, key, hint });
  return undefined;
}

function flaggedDuration({ flags, report }: CheckScope): number | undefined {
  const value = flags.logRotateDuration;
  if (value === undefined) return undefined;
  const ms = toDuration({ kind: 'scalar', value, at: placeNamed('') });
  if (ms !== undefined) return ms || DAY_MS;
  const name = '-log-rotate-duration';
  const want = 'a duration such as "24h"';
  report.error(
    'CONFIG_TYPE',
    { key: name, want, got: `"${value}"` },
    { at: placeNamed(name), key: 'log_rotate_duration' },
  );
  return undefined;
}
