// Names of credentials -> files in `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` and `SetCredential=` name (systemd.exec(5)).
// Pure: it is told which names there are.
import { memberSchema, type Schema } from './schema.js';

/** The folder, and the names of what is in it. */
export interface Credentials {
  readonly folder: string;
  readonly names: ReadonlySet<string>;
}

/**
 * The settings with each file (`x-file`), also in blocks inside, whose value is the name of a credential replaced by its path. A value with a slash is a
 * path and stays; so does a name that is not in the folder.
 */
export function withCredentials<T extends Readonly<Record<string, unknown>>>(
  settings: T,
  schema: Schema,
  credentials: Credentials | undefined,
  root: Schema = schema,
): T {
  if (credentials === undefined) return settings;
  const { folder, names } = credentials;
  const pairs = Object.entries(settings).map(([key, value]): [string, unknown] => {
    const member = memberSchema(schema, key, root);
    if (member !== undefined && isBlock(value)) return [key, withCredentials(value, member, credentials, root)];
    const isName = typeof value === 'string' && !value.includes('/') && names.has(value);
    return [key, isName && member?.['x-file'] === true ? `${folder}/${value}` : value];
  });
  return Object.fromEntries(pairs) as T;
}

const isBlock = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
