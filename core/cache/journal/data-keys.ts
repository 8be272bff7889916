// Opens a store's meta record with the key provider, or makes a new one: whose store it is, which data keys it has (R-15, rotation). It must not
// know records.
import { randomBytes } from 'node:crypto';
import { agentError, type CacheStore, type Clock, type Logger } from '../../sdk/index.js';
import { KEY_BYTES, type KeyProvider } from '../keys/provider.js';
import type { StoreKeys } from '../keys/sealer.js';
import { bindingOf, decodeMeta, encodeMeta, identityDigest, newMeta, type Meta } from './meta.js';

/** What opening a store needs. */
export interface KeyParts {
  readonly store: CacheStore;
  /** Key of the meta record. */
  readonly metaKey: string;
  /** Server and logins as one text: addresses or cluster, auth mounts, roles. */
  readonly identity: string;
  readonly provider: KeyProvider;
  readonly previous: KeyProvider | undefined;
  /** Other agents use the store and its data key too: it is never dropped. */
  readonly shared: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Removes all records but the meta record. */
  readonly drop: () => Promise<void>;
}

/** An opened store. */
export interface OpenedKeys {
  readonly meta: Meta;
  readonly keys: StoreKeys;
  /** True when the store was there before; false when it has just been made. */
  readonly found: boolean;
  /** True when the data key is to be replaced: it was wrapped by the previous provider, or an earlier rotation did not end. */
  readonly stale: boolean;
}

const ATTEMPTS = 3;

/**
 * The keys of a store. A store of another identity, or with a meta record that makes no sense, is dropped with a warning. Throws what the provider
 * and the store throw; CACHE_UNSEAL_FAILED for another identity's shared store, CACHE_STORE_CORRUPT for one of a newer version.
 */
export async function openKeys(parts: KeyParts): Promise<OpenedKeys> {
  for (let attempt = 1; ; attempt++) {
    const raw = await parts.store.get(parts.metaKey);
    const opened = (await openFound(parts, raw)) ?? (await create(parts, raw));
    if (opened !== undefined) return opened;
    if (attempt >= ATTEMPTS)
      throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'other agents change its keys just now' });
  }
}

async function openFound(parts: KeyParts, raw: Uint8Array | undefined): Promise<OpenedKeys | undefined> {
  const meta = raw && decodeMeta(raw);
  if (meta === undefined) return undefined;
  if (meta === 'newer') throw agentError('CACHE_STORE_CORRUPT', { why: 'a newer version of Claviger has written it' });
  if (meta.identity === identityDigest(parts.identity)) return unwrapAll(parts, meta);
  if (parts.shared) throw agentError('CACHE_UNSEAL_FAILED', { why: 'it belongs to agents of another server or login' });
  return undefined;
}

async function unwrapAll(parts: KeyParts, meta: Meta): Promise<OpenedKeys> {
  const newest = meta.keys.at(-1)!;
  const current = await unwrapEither(parts, meta, newest);
  const keys = new Map([[newest.id, current.key]]);
  for (const older of meta.keys.slice(0, -1)) {
    const opened = await unwrapEither(parts, meta, older).catch(() => undefined);
    if (opened !== undefined) keys.set(older.id, opened.key);
  }
  const opened = { store: meta.store, generation: meta.generation, keys, current: newest.id };
  if (!current.previous) return { meta, keys: opened, found: true, stale: meta.keys.length > 1 };
  const rewrapped = await wrapAll(parts, meta, keys);
  await writeMeta(parts, rewrapped);
  parts.log.info({ provider: parts.provider.name }, 'the key of the cache store is kept by another provider now');
  return { meta: rewrapped, keys: opened, found: true, stale: true };
}

// With a previous provider, either may be the one that the store was left with.
async function unwrapEither(
  { provider, previous }: KeyParts,
  meta: Meta,
  { id, wrapped }: Meta['keys'][number],
): Promise<{ readonly key: Uint8Array; readonly previous: boolean }> {
  const binding = bindingOf(meta, id);
  try {
    return { key: await provider.unwrap(wrapped, binding), previous: false };
  } catch (error) {
    if (previous === undefined) throw error;
    const key = await previous.unwrap(wrapped, binding).catch(() => undefined);
    if (key === undefined) throw error;
    return { key, previous: true };
  }
}

/** The meta record with these data keys, wrapped anew; the last is for new records. */
export async function wrapAll(
  { provider }: Pick<KeyParts, 'provider'>,
  meta: Meta,
  keys: ReadonlyMap<number, Uint8Array>,
): Promise<Meta> {
  const wrapped = [];
  for (const [id, key] of [...keys].sort(([a], [b]) => a - b))
    wrapped.push({ id, wrapped: await provider.wrap(key, bindingOf(meta, id)), provider: provider.name });
  return { ...meta, keys: wrapped };
}

/** Writes the meta record so that it survives a crash. */
export async function writeMeta({ store, metaKey }: Pick<KeyParts, 'store' | 'metaKey'>, meta: Meta): Promise<void> {
  await store.batch([{ key: metaKey, value: encodeMeta(meta) }], { durable: true });
}

// Undefined when another agent was faster.
async function create(parts: KeyParts, raw: Uint8Array | undefined): Promise<OpenedKeys | undefined> {
  const before = raw && decodeMeta(raw);
  if (raw !== undefined) warnDropped(parts, before !== undefined);
  const bare = newMeta(identityDigest(parts.identity), parts.clock.now(), before === 'newer' ? undefined : before);
  const keys = new Map([[1, randomBytes(KEY_BYTES)]]);
  const meta = await wrapAll(parts, bare, keys);
  if (!parts.shared) await parts.drop();
  if (parts.store.swap === undefined) await writeMeta(parts, meta);
  else if (!(await parts.store.swap(parts.metaKey, raw, encodeMeta(meta)))) return undefined;
  const { store, generation } = meta;
  return { meta, keys: { store, generation, keys, current: 1 }, found: false, stale: false };
}

function warnDropped({ log }: KeyParts, readable: boolean): void {
  const why = readable ? 'it belongs to another server, auth mount or role' : 'its meta record is damaged';
  log.warn({ why }, 'the cache store is dropped and starts empty');
}
