// Is the value of this setting secret? What a schema marks (`x-secret`), and unknown keys that look like one. Pure.
import { soundsSecret } from './mask-line.js';
import { nearestName } from './nearest-name.js';
import { memberNames, memberSchema, type Schema } from './schema.js';

/** True for a member that is marked, and for a key that the schema does not know but that sounds secret or is near one that is marked. */
export function isSecretKey(key: string, schema: Schema, root: Schema): boolean {
  const member = memberSchema(schema, key, root);
  if (member !== undefined) return member['x-secret'] === true;
  const marked = memberNames(schema, root).filter((name) => memberSchema(schema, name, root)?.['x-secret'] === true);
  return soundsSecret(key) || nearestName(key, marked) !== undefined;
}
