// Settings that only the environment has, or that need reading there: booleans, durations, numbers, rates (spec config 1.11). What cannot be
// read is reported with the name of the variable.
import { toBoolean, toDuration, toInteger } from './coerce-scalar.js';
import type { CheckScope } from './draft.js';
import { filled, placeNamed, variable, type Variable } from './environment.js';
import type { VaultConfig } from '../contracts/agent-config.js';

const NOWHERE = { file: '', line: 0, column: 0 };

/** A boolean variable that exists (empty is false); undefined when it does not exist or is wrong. VAULT_SKIP_VERIFY=false is false (0.1-1). */
export function booleanVariable(scope: CheckScope, name: string): boolean | undefined {
  const found = variable(scope.env, name);
  if (found === undefined) return undefined;
  return toBoolean(found.value.trim()) ?? wrong(scope, found, 'true or false');
}

/** A whole number; empty does not count. */
export function integerVariable(scope: CheckScope, name: string): number | undefined {
  const found = filled(scope.env, name);
  if (found === undefined) return undefined;
  return toInteger({ kind: 'scalar', value: found.value, at: NOWHERE }) ?? wrong(scope, found, 'a whole number');
}

/** A duration in milliseconds; empty does not count. */
export function durationVariable(scope: CheckScope, name: string): number | undefined {
  const found = filled(scope.env, name);
  if (found === undefined) return undefined;
  const ms = toDuration({ kind: 'scalar', value: found.value, at: NOWHERE });
  return ms === undefined || ms < 0 ? wrong(scope, found, 'a duration such as "60s"') : ms;
}

/** VAULT_RATE_LIMIT: `rate` or `rate:burst`; the burst of a lone rate is its whole part. */
export function rateLimit(scope: CheckScope): VaultConfig['rateLimit'] {
  const found = filled(scope.env, 'RATE_LIMIT');
  if (found === undefined) return undefined;
  const [, rate = '', burst] = /^(\d+(?:\.\d+)?)(?::(\d+))?$/.exec(found.value.trim()) ?? [];
  if (rate === '') return wrong(scope, found, 'a rate such as "10" or "10:20"');
  return { perSecond: Number(rate), burst: burst === undefined ? Math.trunc(Number(rate)) : Number(burst) };
}

function wrong(scope: CheckScope, found: Variable, want: string): undefined {
  const got = found.value.length > 40 ? 'the text it is' : `"${found.value}"`;
  scope.report.error(
    'CONFIG_TYPE',
    { key: found.name, want, got },
    { at: placeNamed(found.name), key: found.name, hint: 'correct or unset the variable' },
  );
  return undefined;
}
