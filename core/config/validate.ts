// One block: coerce, validate, explain. The result is plain settings; every finding has its place.
import { coerceMap } from './coerce.js';
import { explain } from './explain.js';
import type { MapValue } from './located.js';
import type { Report } from './report.js';
import { sealSecrets } from './seal-secrets.js';
import type { Validator } from './validators.js';

/** How a block is called in findings, and what its unknown keys are. */
export interface ConformScope {
  readonly report: Report;
  readonly prefix: string;
  readonly unknownIsError?: boolean;
  readonly alsoKnown?: readonly string[];
}

/** Settings of a block after validation; texts that the schema marks as secret are `Secret`. `broken`: JSON pointers of settings that have findings of their own. */
export interface Conformed<T> {
  readonly settings: T;
  readonly broken: ReadonlySet<string>;
}

/** Brings a block into its schema's form. Settings that are wrong are undefined and reported; the others can be used. */
export function conform<T>(map: MapValue, validator: Validator, scope: ConformScope): Conformed<T> {
  const broken = new Set<string>();
  const { report, prefix } = scope;
  const settings = coerceMap(map, validator.schema, { report, root: validator.schema, prefix, broken });
  const errors = validator.check(settings);
  explain(errors, {
    map,
    schema: validator.schema,
    prefix,
    report,
    broken,
    unknownIsError: scope.unknownIsError === true,
    alsoKnown: scope.alsoKnown,
  });
  for (const error of errors) broken.add(error.instancePath);
  return { settings: sealSecrets(settings, validator.schema) as T, broken };
}
