// Settings that a schema marks as secret (`x-secret`) -> `Secret`, so that nothing prints them by accident. Runs after validation. Pure but for
// the settings it is given. It must not know what any key means.
import { Secret } from '../sdk/index.js';
import { memberSchema, resolve, type Schema } from './schema.js';
import { isSecretKey } from './secret-key.js';

/**
 * Wraps every text that the schema marks as secret, to any depth; a misspelt key of such a text too. Changes `settings` and returns it.
 */
export function sealSecrets<T extends object>(settings: T, schema: Schema, root: Schema = schema): T {
  for (const [key, value] of Object.entries(settings)) {
    const member = memberSchema(schema, key, root);
    const sealed = seal(value, { isSecret: isSecretKey(key, schema, root), schema: member ?? {}, root });
    Object.defineProperty(settings, key, { value: sealed, enumerable: true, writable: true, configurable: true });
  }
  return settings;
}

function seal(value: unknown, spot: { isSecret: boolean; schema: Schema; root: Schema }): unknown {
  const { isSecret, schema, root } = spot;
  if (typeof value === 'string') return isSecret && value !== '' ? new Secret(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return sealSecrets(value, isSecret ? ALL_SECRET : schema, root);
  const items = schema.items === undefined ? {} : resolve(schema.items, root);
  return value.map((item) => seal(item, { isSecret: isSecret || items['x-secret'] === true, schema: items, root }));
}

const ALL_SECRET: Schema = { additionalProperties: { 'x-secret': true } };
