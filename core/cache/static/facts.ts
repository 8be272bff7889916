// Body of an answer -> what the cache must know of it, or why it is none for this cache. Pure and total (D-37).
import { fieldsOf, parseJson, textOf } from '../envelope.js';

/** What a KV answer says of itself. */
export interface Facts {
  /** True when the answer names its engine as `kv`; false when it names none, as servers before `mount_type` and OpenBao do: then the mount is asked. */
  readonly kv: boolean;
  /** Version and time of creation of a KV 2 secret; 0 and empty where there are none. */
  readonly version: number;
  /** RFC 3339 with nine digits behind the point, so that texts compare like times. */
  readonly created: string;
  /** When this version deletes itself, wall clock ms; 0 for never. */
  readonly deletionAt: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Facts, or a reason code: `no-envelope`, `wrapped`, `auth`, `leased`, `not-kv`, `no-data`, `deleted`. */
export function factsOf(body: Uint8Array): Facts | string {
  const fields = fieldsOf(parseJson(body));
  if (fields === undefined || !('data' in fields)) return 'no-envelope';
  if (fieldsOf(fields.wrap_info) !== undefined) return 'wrapped';
  if (fieldsOf(fields.auth) !== undefined) return 'auth';
  if (textOf(fields.lease_id) !== '' || fields.renewable === true) return 'leased';
  const type = fields.mount_type;
  if (type !== undefined && type !== 'kv') return 'not-kv';
  const data = fieldsOf(fields.data);
  if (data === undefined) return 'no-data';
  const metadata = 'data' in data || 'subkeys' in data ? fieldsOf(data.metadata) : undefined;
  if (metadata?.destroyed === true) return 'deleted';
  return { kv: type === 'kv', ...versionOf(metadata) };
}

/** Version, creation and deletion as KV 2 writes them. */
export function versionOf(metadata: Fields | undefined): Omit<Facts, 'kv'> {
  const version = metadata?.version;
  return {
    version: typeof version === 'number' && Number.isSafeInteger(version) ? version : 0,
    created: sortable(textOf(metadata?.created_time)),
    deletionAt: momentOf(textOf(metadata?.deletion_time)),
  };
}

/** Below zero when `a` is older, above when newer, 0 when equal or not comparable: a secret that was deleted begins at version 1 again. */
export function compareFacts(a: Omit<Facts, 'kv'>, b: Omit<Facts, 'kv'>): number {
  if (a.created === '' || b.created === '') return 0;
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.version - b.version;
}

function momentOf(text: string): number {
  const at = text === '' ? NaN : Date.parse(text);
  return Number.isFinite(at) ? at : 0;
}

function sortable(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  return parts === null ? '' : `${parts[1]!}.${(parts[2] ?? '').padEnd(9, '0')}`;
}
