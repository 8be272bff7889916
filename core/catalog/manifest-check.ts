// Is this JSON a plugin manifest? A small check of its own, so that listing plugins needs no schema library. Runs no plugin code.
import { KINDS, type Manifest } from '../sdk/index.js';

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;
const STABILITY = ['experimental', 'stable', 'deprecated'];
const KEYS = new Set([
  '$schema',
  'sdk',
  'kind',
  'name',
  'aliases',
  'entry',
  'schema',
  'summary',
  'version',
  'stability',
  'mount',
  'env',
  'supports',
  'harness',
]);

type Check = (value: unknown) => string | undefined;

const text: Check = (value) =>
  typeof value === 'string' && value.length > 0 ? undefined : 'must be a text that is not empty';
const relative: Check = (value) =>
  typeof value === 'string' && value.startsWith('./') && !value.includes('..')
    ? undefined
    : 'must be a path that starts with ./ and stays inside the folder';
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) ? value.map(check).find((why) => why !== undefined) : 'must be a list';
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}`;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);
const name: Check = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : 'must be lower-case letters, digits, "-" and "_", beginning with a letter';
const flags: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((v) => typeof v === 'boolean')
    ? undefined
    : 'must be an object of true and false';

const CHECKS: Readonly<Record<string, Check>> = {
  kind: oneOf(KINDS),
  name,
  aliases: optional(listOf(name)),
  entry: relative,
  schema: relative,
  summary: text,
  version: text,
  stability: oneOf(STABILITY),
  mount: optional(text),
  env: optional(listOf(text)),
  supports: optional(flags),
  harness: optional(relative),
};

/** The manifest, or what is wrong with it in one line. `sdk` numbers other than 1 are left to the caller. */
export function checkManifest(value: unknown): { readonly manifest: Manifest } | { readonly why: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { why: 'it is not a JSON object' };
  const record = value as Record<string, unknown>;
  const unknown = Object.keys(record).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return { why: `unknown key "${unknown}"` };
  if (typeof record.sdk !== 'number') return { why: '"sdk" must be the number of the SDK contract, 1' };
  for (const [key, check] of Object.entries(CHECKS)) {
    const why = check(record[key]);
    if (why !== undefined) return { why: `"${key}" ${why}` };
  }
  return { manifest: record as unknown as Manifest };
}
